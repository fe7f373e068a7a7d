export const SILENCE_MS = 10_000;
const MOST_INTERVAL_MS = 1000;

/** All times as `performance.now()` tells them. */
export interface Pulse {
  heardAtMs(): number;
  /** What came while this process stood still has not been looked at. */
  forgive(): void;
  /** null: something is being sent. */
  idleSinceMs(): number | null;
  showLife(): void;
  onSilence(cause: string): void;
}

/** Shows life while nothing else is sent, and notices when the peer shows none. Ends with `clearInterval`. */
export function keepPulse(silenceMs: number, pulse: Pulse): NodeJS.Timeout {
  const intervalMs = Math.min(silenceMs / 4, MOST_INTERVAL_MS);
  let beatAtMs = performance.now();
  return setInterval(() => {
    const nowMs = performance.now();
    // A process that stood still itself accuses nobody.
    if (nowMs - beatAtMs > 2 * intervalMs) pulse.forgive();
    beatAtMs = nowMs;
    const idleSinceMs = pulse.idleSinceMs();
    if (nowMs - pulse.heardAtMs() > silenceMs) pulse.onSilence(`nothing heard from the peer for ${silenceMs} ms`);
    else if (idleSinceMs !== null && nowMs - idleSinceMs > intervalMs / 2) pulse.showLife();
  }, intervalMs);
}
