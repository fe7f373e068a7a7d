import type { MigrationType } from './request.js';
import type { DriveName, NodeName, Vmid, Volid } from '../ids.js';
import type { ConvergencePolicy } from '../convergence/policy.js';
import type { SilencePolicy } from '../silence/policy.js';

/** One local disk that has to be copied while the guest runs. */
export interface DiskMove {
  readonly drive: DriveName;
  readonly sourceVolid: Volid;
  readonly sourceFormat: 'raw' | 'qcow2';
  readonly targetStorage: string;
  readonly targetFormat: 'raw' | 'qcow2';
  readonly sizeBytes: number;
}

export interface TransportPlan {
  readonly type: MigrationType;
  /** The CIDR in effect, null for the management network. */
  readonly network: string | null;
  readonly sourceAddress: string;
  readonly targetAddress: string;
  /** 0: one stream (always so with ssh). */
  readonly multifdChannels: number;
}

/** What every way of moving a guest knows. */
interface MoveBase {
  readonly vmid: Vmid;
  readonly name: string;
  readonly source: NodeName;
  readonly target: NodeName;
  readonly transport: TransportPlan;
  /** One budget for everything that is copied; null: none. */
  readonly bandwidthBytesPerSecond: number | null;
  /** Absent: the default (a plan of an older engine). */
  readonly silence?: SilencePolicy;
}

/** A running VM that goes on running. */
export interface LivePlan extends MoveBase {
  readonly mode: 'live';
  /** Machine type the target must start with (`--machine` of PVE). */
  readonly machine: string;
  /** The guest was paused before; it stays paused on the target. */
  readonly keepPaused: boolean;
  readonly memoryBytes: number;
  readonly disks: readonly DiskMove[];
  readonly policy: ConvergencePolicy;
}

export type VolumeFormat = 'raw' | 'qcow2' | 'subvol';

/** One volume on the source's own storage, to be copied while nobody uses it. */
export interface VolumeMove {
  readonly volid: Volid;
  /** Where the config names it, for people: `scsi0`, `unused0`, `snapshot before: scsi0`. */
  readonly usedAs: string;
  readonly sourceFormat: VolumeFormat;
  readonly targetStorage: string;
  readonly targetFormat: VolumeFormat;
  /** Of an image: its size as the guest sees it; of a directory: its quota, 0 without one. */
  readonly sizeBytes: number;
  /** What there is to copy, about. */
  readonly usedBytes: number;
  /** It may not be renamed when the target has one of this name (PVE: vmstate, cloud-init). */
  readonly fixedName: boolean;
  /** Both file systems speak it; without it, or where the source finds that it can't, chunk by chunk or file by file. */
  readonly stream?: 'btrfs';
}

/** A guest that stands still while it moves: `offline` when it was stopped before, `restart` when it is stopped for the move and started again. */
export interface ColdPlan extends MoveBase {
  readonly mode: 'offline' | 'restart';
  readonly kind: 'qemu' | 'lxc';
  readonly volumes: readonly VolumeMove[];
  /** How long the guest may take to shut down, seconds. */
  readonly stopTimeoutSeconds: number;
  /** `tcp:<port>` or `http:<port>/<path>`: what has to answer on the target before the source's copy is freed; null: the guest has to run. */
  readonly healthCheck: string | null;
}

/** What will be done, decided once from the facts; every later step reads it and nothing else. */
export type MigrationPlan = LivePlan | ColdPlan;

export const isCold = (plan: MigrationPlan): plan is ColdPlan => plan.mode !== 'live';

/** One reason why it can't be done, with what to do about it. */
export interface Refusal {
  readonly code: string;
  readonly sentence: string;
  readonly remedy: string;
}

export interface Verdict {
  readonly refusals: readonly Refusal[];
  readonly warnings: readonly string[];
  readonly plan: MigrationPlan | null;
}
