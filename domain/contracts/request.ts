import type { NodeName, Vmid } from '../ids.js';

export type MigrationType = 'secure' | 'insecure' | 'tls';

/** What the operator asked for, parsed and complete. The raw form (CLI, Temporal UI) is in `domain/edge/migrate-request.ts`. */
export interface MigrateRequest {
  readonly vmid: Vmid;
  readonly target: NodeName;
  /** Absent: live when the guest runs, offline when it doesn't. */
  readonly online?: boolean;
  readonly withLocalDisks: boolean;
  /** PVE's storage map (`1`, `dst`, `src:dst,…`), as given. */
  readonly targetStorage?: string;
  /** Image format of every disk that is copied; absent: the storage's or the disk's own. */
  readonly targetFormat?: 'raw' | 'qcow2';
  readonly bwlimitKiBps?: number;
  readonly migrationNetwork?: string;
  readonly migrationType?: MigrationType;
  readonly downtimeLimitMs?: number;
  /** Longest time memory copying may take before the policy gives up, in seconds. */
  readonly convergenceDeadlineSeconds?: number;
  readonly maxCpuThrottlePercent?: number;
  /** Streams that move nothing, or a target that is not heard of, for so long end the migration, in seconds. */
  readonly silenceTimeoutSeconds?: number;
  /** A running container is stopped, moved and started again (PVE's `restart`). */
  readonly restart?: boolean;
  /** A running VM is shut down, moved and started again. */
  readonly offlineShutdown?: boolean;
  /** How long the guest may take to shut down, seconds (PVE's `timeout`). */
  readonly shutdownTimeoutSeconds?: number;
  /** `tcp:<port>` or `http:<port>/<path>`: has to answer on the target, or the guest goes back. */
  readonly healthCheck?: string;
  /** Who gets a free slot first: 1 to 5, the last; absent: 3. */
  readonly priority?: number;
  readonly force: boolean;
  readonly requestedBy: string;
  readonly reason?: string;
}
