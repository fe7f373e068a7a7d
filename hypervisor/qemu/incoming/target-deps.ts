import type { DriveName, EpochRef, NodeName, Vmid, Volid } from '../../../domain/ids.js';
import type { HandoffAnswer } from '../../transport/handoff/client.js';
import type { HandoffServer } from '../../transport/handoff/server.js';
import type { ListenOn, ListenSpec } from '../../transport/listen-spec.js';
import type { LivePlan } from '../../../domain/contracts/plan.js';
import type { CommitToken, GuestConfigStore, GuestLock, Journal } from '../../../domain/contracts/ports.js';
import type { VmConfig } from '../../../domain/guest/vm-config.js';
import type { QmpClient } from '../qmp/client.js';

/** What the target's part needs of its node. Real: `workers/node-agent.ts`. */
export interface TargetDeps {
  readonly node: NodeName;
  readonly journal: Journal;
  readonly token: CommitToken;
  readonly configs: GuestConfigStore;
  readonly lock: GuestLock;
  connectDriveQmp(vmid: Vmid): Promise<QmpClient>;
  /** For a read-only look: the general socket, so that no driver is in the way. */
  connectQmp(vmid: Vmid): Promise<QmpClient>;
  qemuAlive(vmid: Vmid): Promise<boolean>;
  stopQemu(vmid: Vmid): Promise<void>;
  /** Starts the guest's QEMU waiting for its state, with these disks in place of the config's, when they are made. */
  startIncoming(config: VmConfig, plan: LivePlan, volumes: Promise<ReadonlyMap<DriveName, Volid>>): Promise<void>;
  /** First free name for a new volume of the guest. */
  nextVolid(storage: string, vmid: Vmid, format: 'raw' | 'qcow2'): Promise<Volid>;
  /** Creates exactly this volume; no error when it exists with this size (a retry). */
  createVolume(volid: Volid, format: 'raw' | 'qcow2', sizeBytes: number): Promise<void>;
  freeVolume(volid: Volid): Promise<void>;
  parseConfig(vmid: Vmid, text: string): VmConfig;
  /** Where RAM, NBD and handoff listen for this epoch; makes the run directory. */
  listenSpec(ref: EpochRef, plan: LivePlan): Promise<ListenSpec>;
  listenForHandoff(ref: EpochRef, plan: LivePlan, on: ListenOn, onHandover: () => Promise<HandoffAnswer>): Promise<HandoffServer>;
  tlsDir(ref: EpochRef): Promise<string>;
  clearRunDir(ref: EpochRef): Promise<void>;
}
