import type { BlackoutSplit } from '../contracts/activities.js';
import type { DowntimeSplit } from '../contracts/cold.js';

/** One stretch of time, the stretches following each other. */
export interface Span {
  readonly label: string;
  readonly elapsedMs: number;
}

export interface PlacedSpan extends Span {
  readonly offset: number;
  readonly length: number;
}

/** Puts spans one after the other on a line of `width` units; the shortest keeps one unit so that it can be seen. */
export function layOut(spans: readonly Span[], width: number): PlacedSpan[] {
  const totalMs = spans.reduce((sum, { elapsedMs }) => sum + elapsedMs, 0);
  let beforeMs = 0;
  return spans.map((span) => {
    const unitsUntil = (ms: number): number => (totalMs === 0 ? 0 : Math.round((ms / totalMs) * width));
    const offset = Math.min(width - 1, unitsUntil(beforeMs));
    beforeMs += span.elapsedMs;
    return { ...span, offset, length: Math.max(1, unitsUntil(beforeMs) - offset) };
  });
}

/** The parts of the blackout, in the order in which they happen. */
export function blackoutSpans(split: BlackoutSplit): Span[] {
  return [
    { label: 'stop', elapsedMs: split.stopMs },
    { label: 'mirror finish', elapsedMs: split.mirrorFinishMs },
    { label: 'final RAM and device state', elapsedMs: split.finalStateMs },
    { label: 'handover', elapsedMs: split.handoverMs },
    { label: 'commit', elapsedMs: split.commitMs },
    { label: 'resume', elapsedMs: split.resumeMs },
  ];
}

/** The parts of the time in which a guest was down for its move. */
export function downtimeSpans(split: DowntimeSplit): Span[] {
  return [
    { label: 'stop', elapsedMs: split.stopMs },
    { label: 'last changes', elapsedMs: split.deltaMs },
    { label: 'handover', elapsedMs: split.handoverMs },
    { label: 'commit', elapsedMs: split.commitMs },
    { label: 'start', elapsedMs: split.startMs },
  ];
}
