import type { Duplex } from 'node:stream';
import type { EpochRef, NodeName, Volid } from '../../domain/ids.js';
import type { ColdEndpoints, VolumeSync } from '../../domain/contracts/cold.js';
import type { ColdPlan, VolumeMove } from '../../domain/contracts/plan.js';
import type { CommitToken, GuestConfigStore, Journal } from '../../domain/contracts/ports.js';
import type { ColdWays } from '../transport/cold-ways.js';
import type { GuestPower } from './guest-power.js';

export interface PassInput {
  readonly ref: EpochRef;
  readonly plan: ColdPlan;
  readonly volume: VolumeMove;
  readonly targetVolid: Volid;
  /** Nobody writes any more: the volume is the same on both nodes when the pass returns, proved. */
  readonly final: boolean;
  readonly dial: () => Promise<Duplex>;
  /** Asked again and again, it may change; null: no limit. */
  readonly bandwidthBytesPerSecond: () => number | null;
  readonly onProgress: (doneBytes: number, totalBytes: number) => void;
  /** Before the first snapshot of this volume is made: the journal says that there may be some. */
  readonly noteSnapshots: (volid: Volid) => Promise<void>;
  readonly signal: AbortSignal;
}

/** What the source's part needs of its node. */
export interface ColdSourceDeps {
  readonly node: NodeName;
  readonly journal: Journal;
  readonly token: CommitToken;
  readonly configs: GuestConfigStore;
  power(kind: ColdPlan['kind']): GuestPower;
  openWays(ref: EpochRef, plan: ColdPlan, endpoints: ColdEndpoints): Promise<ColdWays>;
  /** Starts connecting before the endpoints are known. */
  warmUp(ref: EpochRef, plan: ColdPlan): Promise<void>;
  /** One pass over one volume. */
  copy(input: PassInput): Promise<VolumeSync>;
  /** After the commit, before anything is freed: whether what the target received is what is here. Throws `VolumeDiffers`. */
  verify(ref: EpochRef, plan: ColdPlan): Promise<void>;
  freeVolume(volid: Volid): Promise<void>;
  /** Those this migration took of its volumes here. No error when there are none. */
  removeSnapshots(ref: EpochRef, plan: ColdPlan): Promise<void>;
  clearRunDir(ref: EpochRef): Promise<void>;
}
