/** The rules a live migration converges by; part of the plan, so recorded with it. */
export interface ConvergencePolicy {
  /** First `downtime-limit`, ms (PVE: `migrate_downtime`, default 100; here 25). */
  readonly initialDowntimeLimitMs: number;
  /** The limit is never raised above this, ms. */
  readonly downtimeBudgetMs: number;
  /** Memory copying that has not switched after this many seconds is aborted. */
  readonly deadlineSeconds: number;
  readonly maxCpuThrottlePercent: number;
}

/**
 * Below PVE's 100: QEMU switches as soon as what remains fits the limit, so the limit is about as long as the guest stands still. Most
 * guests calm down far below 100 ms in one or two short rounds more.
 */
export const DEFAULT_DOWNTIME_LIMIT_MS = 25;
/** What a guest that does not is given at once. */
export const FIRST_RAISE_MS = 100;
export const DEFAULT_DOWNTIME_BUDGET_MS = 300;
export const DEFAULT_DEADLINE_SECONDS = 1800;
export const DEFAULT_MAX_CPU_THROTTLE_PERCENT = 80;
