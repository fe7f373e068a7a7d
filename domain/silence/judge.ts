import { renderBytes, renderDuration } from '../units.js';
import type { SilencePolicy } from './policy.js';
import type { Seen, SeenStream } from './seen.js';

export interface SilenceVerdict {
  readonly verdict: 'alive' | 'silent' | 'abort';
  /** What is silent, since when; empty while nothing is. */
  readonly reason: string;
}

/**
 * Who has been silent for how long, longest first decides:
 * - the source's QEMU: it has not answered;
 * - a stream: it has something to send, nobody holds it, and no byte has moved for longer than its own limit explains;
 * - the target's agent: not heard of, and no stream that the target acknowledges has moved meanwhile either. Memory is no such
 *   stream: what QEMU counts as sent may lie in a socket's buffer on this side.
 */
export function judgeSilence(seen: Seen, policy: SilencePolicy, target: string): SilenceVerdict {
  const worst = silences(seen, target).sort((a, b) => b.ms - a.ms)[0];
  if (worst === undefined || worst.ms < policy.noticedAfterMs) return { verdict: 'alive', reason: '' };
  return { verdict: worst.ms < policy.abortAfterMs ? 'silent' : 'abort', reason: `${worst.what} for ${renderDuration(worst.ms)}` };
}

interface Silence {
  readonly ms: number;
  readonly what: string;
}

function silences(seen: Seen, target: string): Silence[] {
  const since = (ms: number): number => seen.atMs - Math.max(ms, seen.countedFromMs);
  return [
    { ms: since(seen.qemuAnsweredAtMs), what: "the source's QEMU has not answered" },
    ...seen.streams.filter(({ wanted }) => wanted).map((stream) => ({ ms: since(stream.movedAtMs) - explainedPauseMs(stream), what: standsStill(stream) })),
    { ms: since(lastSignOfLifeMs(seen)), what: `nothing was heard from ${target}` },
  ];
}

/** A tiny limit lets a stream send at once what it then waits for. */
const explainedPauseMs = ({ burstBytes, limitBytesPerSecond }: SeenStream): number =>
  limitBytesPerSecond === null ? 0 : (burstBytes / Math.max(1, limitBytesPerSecond)) * 1000;

const standsStill = ({ name, leftBytes }: SeenStream): string => `${name} has moved no byte, with ${renderBytes(leftBytes)} left to send,`;

const lastSignOfLifeMs = ({ heardAtMs, streams }: Seen): number =>
  Math.max(heardAtMs, ...streams.filter(({ acknowledged }) => acknowledged).map(({ everMoved, movedAtMs }) => (everMoved ? movedAtMs : 0)));
