/** One stream of bytes as it is at one moment. */
export interface StreamNow {
  /** `memory`, or the drive. */
  readonly name: string;
  /** Only ever grows. */
  readonly movedBytes: number;
  readonly leftBytes: number;
  /** It has something to send and nobody holds it. */
  readonly wanted: boolean;
  /** The target has taken what counts as moved. */
  readonly acknowledged: boolean;
  /** null: none. */
  readonly limitBytesPerSecond: number | null;
  /** What it sends at once before it waits for its limit's sake. */
  readonly burstBytes: number;
}

/** One look, on one node's monotonic clock, ms. */
export interface Observation {
  readonly atMs: number;
  /** As QEMU last told. */
  readonly streams: readonly StreamNow[];
  readonly qemuAnsweredAtMs: number;
  /** Last sign of life of the target's host on the hand-off channel. */
  readonly heardAtMs: number;
}

export interface SeenStream extends StreamNow {
  /** Last seen moving, or beginning to want to. */
  readonly movedAtMs: number;
  readonly everMoved: boolean;
}

/** What all looks so far say together. */
export interface Seen extends Omit<Observation, 'streams'> {
  readonly streams: readonly SeenStream[];
  /** No silence is counted from before: the watch had not begun, or the observer itself stood still. */
  readonly countedFromMs: number;
}

/** Looks further apart than this: the observer stood still (a busy machine, a frozen agent) and can't say who else did. */
const OWN_STALL_MS = 2500;

export function observe(before: Seen | null, now: Observation): Seen {
  const stalled = before === null || now.atMs - before.atMs > OWN_STALL_MS;
  return {
    ...now,
    streams: now.streams.map((stream) => follow(before?.streams.find(({ name }) => name === stream.name), stream, now.atMs)),
    countedFromMs: stalled ? now.atMs : before.countedFromMs,
  };
}

function follow(before: SeenStream | undefined, now: StreamNow, atMs: number): SeenStream {
  const moved = before !== undefined && now.movedBytes > before.movedBytes;
  const fresh = before === undefined || moved || (now.wanted && !before.wanted);
  return { ...now, everMoved: moved || (before?.everMoved ?? false), movedAtMs: fresh ? atMs : before.movedAtMs };
}
