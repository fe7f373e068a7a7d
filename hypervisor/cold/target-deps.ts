import type { Endpoint } from '../../domain/contracts/endpoint.js';
import type { EpochRef, NodeName, Vmid, Volid } from '../../domain/ids.js';
import type { ColdPlan, VolumeMove } from '../../domain/contracts/plan.js';
import type { CommitToken, GuestConfigStore, GuestLock, Journal } from '../../domain/contracts/ports.js';
import type { HandoffAnswer } from '../transport/handoff/client.js';
import type { HandoffServer } from '../transport/handoff/server.js';
import type { ListenOn } from '../transport/listen-spec.js';
import type { GuestPower } from './guest-power.js';

/** Takes volumes in. */
export interface CopyServer {
  readonly endpoint: Endpoint;
  /** Ends every connection, and waits until nothing is written any more. */
  sever(): Promise<void>;
  close(): Promise<void>;
}

export interface CopyServerInput {
  readonly ref: EpochRef;
  readonly plan: ColdPlan;
  readonly on: ListenOn;
  readonly places: ReadonlyMap<Volid, Volid>;
  /** A final pass has proved this volume the same on both nodes. Its promise is waited for before the source is told. */
  onWhole(volid: Volid, digest: string): Promise<void>;
  /** It is being written again. */
  onTouched(volid: Volid): Promise<void>;
}

/** What the target's part of a cold move needs of its node. */
export interface ColdTargetDeps {
  readonly node: NodeName;
  readonly journal: Journal;
  readonly token: CommitToken;
  readonly configs: GuestConfigStore;
  readonly lock: GuestLock;
  power(kind: ColdPlan['kind']): GuestPower;
  /** The volume's own name if that is free on the target, else the first free one. Throws `StorageUnavailable` for a taken name that may not change. */
  nextVolid(volume: VolumeMove, vmid: Vmid, taken: readonly Volid[]): Promise<Volid>;
  /** Creates exactly this volume, empty; no error when it is there (a retry). */
  createVolume(volid: Volid, volume: VolumeMove): Promise<void>;
  freeVolume(volid: Volid): Promise<void>;
  /** Those this migration has received beside these volumes, half-received ones too. No error when there are none. */
  removeSnapshots(ref: EpochRef, plan: ColdPlan, places: Iterable<Volid>): Promise<void>;
  listenSpec(ref: EpochRef, plan: ColdPlan): Promise<{ readonly copy: ListenOn; readonly handoff: ListenOn }>;
  serveCopies(input: CopyServerInput): Promise<CopyServer>;
  listenForHandoff(ref: EpochRef, plan: ColdPlan, on: ListenOn, onHandover: () => Promise<HandoffAnswer>): Promise<HandoffServer>;
  /** A guest's config as the owner has it, container or VM. */
  readConfig(vmid: Vmid, node: NodeName): Promise<string>;
  clearRunDir(ref: EpochRef): Promise<void>;
}
