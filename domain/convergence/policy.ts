/** The rules a live migration converges by; part of the plan, so recorded with it. */
export interface ConvergencePolicy {
  /** First `downtime-limit`, ms (PVE: `migrate_downtime`, default 100). */
  readonly initialDowntimeLimitMs: number;
  /** The limit is never raised above this, ms. */
  readonly downtimeBudgetMs: number;
  /** Memory copying that has not switched after this many seconds is aborted. */
  readonly deadlineSeconds: number;
  readonly maxCpuThrottlePercent: number;
}

export const DEFAULT_DOWNTIME_LIMIT_MS = 100;
export const DEFAULT_DOWNTIME_BUDGET_MS = 300;
export const DEFAULT_DEADLINE_SECONDS = 1800;
export const DEFAULT_MAX_CPU_THROTTLE_PERCENT = 80;
