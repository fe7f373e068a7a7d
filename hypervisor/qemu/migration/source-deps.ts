import type { TargetEndpoints } from '../../../domain/contracts/activities.js';
import type { EpochRef, NodeName, Vmid, Volid } from '../../../domain/ids.js';
import type { LivePlan } from '../../../domain/contracts/plan.js';
import type { CommitToken, GuestConfigStore, Journal } from '../../../domain/contracts/ports.js';
import type { Channels } from '../../transport/channels.js';
import type { QmpClient } from '../qmp/client.js';

/** What the source's part needs of its node. Real: `workers/node-agent.ts`. */
export interface SourceDeps {
  readonly node: NodeName;
  readonly journal: Journal;
  readonly token: CommitToken;
  readonly configs: GuestConfigStore;
  /** The driver's own QMP socket of the guest. Throws when the guest's QEMU is not there. */
  connectDriveQmp(vmid: Vmid): Promise<QmpClient>;
  /** For a read-only look: the general socket, so that no driver is in the way. */
  connectQmp(vmid: Vmid): Promise<QmpClient>;
  qemuAlive(vmid: Vmid): Promise<boolean>;
  /** Ends the guest's QEMU (verified pid) and removes its sockets; its taps are gone when `tapsGone` has resolved. */
  endQemu(vmid: Vmid): Promise<{ readonly tapsGone: Promise<void> }>;
  freeVolume(volid: Volid): Promise<void>;
  /** Opens the way to the target, or finds the one a former agent opened. */
  openChannels(ref: EpochRef, plan: LivePlan, endpoints: TargetEndpoints): Promise<Channels>;
  /** Starts connecting before the endpoints are known; used up by the next `openChannels` of this epoch. */
  warmUp(ref: EpochRef, plan: LivePlan): Promise<void>;
  /** Directory with QEMU's `keys.psk` for this epoch (transport `tls`). */
  tlsDir(ref: EpochRef): Promise<string>;
  /** Removes what this epoch left in the run directory, its tunnel first, also one whose agent is dead. */
  clearRunDir(ref: EpochRef): Promise<void>;
}
