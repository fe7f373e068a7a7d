/** One migration's bandwidth: every connection of every volume takes from it. */
export interface Limiter {
  /** May be changed at any time; null: unlimited. */
  bytesPerSecond: number | null;
  /** Bytes to hand over at a time, so that neither the limit nor the peer has to wait for a long one. */
  readonly sliceBytes: number;
  /** Resolves when so many bytes may leave, first come first served. Rejects only with the signal's reason. */
  take(bytes: number, signal?: AbortSignal): Promise<void>;
}

/** What may leave at once after a pause. */
const BURST_SECONDS = 0.1;
/** Of the limit: many connections wait for each other, and each has to show life. */
const SLICE_SECONDS = 0.02;
const LARGEST_SLICE_BYTES = 256 * 1024;

export function createLimiter(bytesPerSecond: number | null): Limiter {
  let limit = bytesPerSecond;
  /** Below zero: what has left was more than there was, and the next one waits for it. */
  let tokens = 0;
  let refilledAtMs = performance.now();
  let turn: Promise<void> = Promise.resolve();
  let wake = (): void => undefined;

  const refill = (): void => {
    const nowMs = performance.now();
    if (limit !== null) tokens = Math.min(limit * BURST_SECONDS, tokens + ((nowMs - refilledAtMs) / 1000) * limit);
    refilledAtMs = nowMs;
  };
  const pause = (ms: number, signal: AbortSignal | undefined): Promise<void> => new Promise((resolve) => {
    const over = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', over);
      resolve();
    };
    const timer = setTimeout(over, ms);
    signal?.addEventListener('abort', over);
    wake = over;
  });
  const wait = async (bytes: number, signal: AbortSignal | undefined): Promise<void> => {
    for (;;) {
      signal?.throwIfAborted();
      refill();
      if (limit === null) return;
      if (tokens >= 0) break;
      await pause(Math.max(1, (-tokens / limit) * 1000), signal);
    }
    tokens -= bytes;
  };

  return {
    get bytesPerSecond() { return limit; },
    set bytesPerSecond(next) {
      refill();
      if (next === null || limit === null) tokens = 0;
      limit = next;
      wake();
    },
    get sliceBytes() {
      return limit === null ? Number.POSITIVE_INFINITY : Math.max(1, Math.min(LARGEST_SLICE_BYTES, Math.floor(limit * SLICE_SECONDS)));
    },
    take(bytes, signal) {
      if (limit === null) return Promise.resolve();
      const mine = turn.then(() => wait(bytes, signal));
      turn = mine.catch(() => undefined);
      return mine;
    },
  };
}
