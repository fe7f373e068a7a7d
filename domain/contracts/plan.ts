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

/** What will be done, decided once from the facts; every later step reads it and nothing else. */
export interface MigrationPlan {
  readonly vmid: Vmid;
  readonly name: string;
  readonly source: NodeName;
  readonly target: NodeName;
  readonly mode: 'live';
  readonly transport: TransportPlan;
  /** Machine type the target must start with (`--machine` of PVE). */
  readonly machine: string;
  /** The guest was paused before; it stays paused on the target. */
  readonly keepPaused: boolean;
  readonly memoryBytes: number;
  readonly disks: readonly DiskMove[];
  /** One budget for RAM and disks together; null: none. */
  readonly bandwidthBytesPerSecond: number | null;
  readonly policy: ConvergencePolicy;
  /** Absent: the default (a plan of an older engine). */
  readonly silence?: SilencePolicy;
}

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
