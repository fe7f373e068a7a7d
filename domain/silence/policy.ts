/** How long nothing may move; part of the plan, so recorded with it. */
export interface SilencePolicy {
  /** From here on the silence is told of, ms. */
  readonly noticedAfterMs: number;
  /** From here on the migration is given up; the guest runs on the source, ms. */
  readonly abortAfterMs: number;
}

/**
 * Long enough for a switch of bonded links and the retransmissions after it, short enough for a guest whose writes wait for a
 * mirror (a guest gives a disk up after 30 s or more).
 */
export const DEFAULT_SILENCE_TIMEOUT_SECONDS = 6;
const NOTICED_AFTER_MS = 3000;

export function silencePolicy(timeoutSeconds: number = DEFAULT_SILENCE_TIMEOUT_SECONDS): SilencePolicy {
  const abortAfterMs = timeoutSeconds * 1000;
  return { noticedAfterMs: Math.min(NOTICED_AFTER_MS, abortAfterMs), abortAfterMs };
}
