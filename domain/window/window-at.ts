import { DateTime } from 'luxon';
import { parseWindow, type MaintenanceWindow, type WallTime } from './parse-window.js';

export interface WindowState {
  readonly open: boolean;
  /** When that changes: it closes, or opens. */
  readonly changesAtMs: number;
}

/**
 * Whether a maintenance window is open at a moment, and when that changes. A window opens once on each calendar day of its time zone and
 * closes at its end on that or the next day, by the wall clock there, so it is an hour longer or shorter in the night of a change. A time
 * that is skipped when the clocks go forward counts as the moment they do; of a time that comes twice the first counts.
 */
export function windowAt(text: string, atMs: number): WindowState {
  const window = parseWindow(text);
  const today = DateTime.fromMillis(atMs, { zone: window.zone }).startOf('day');
  // A window may have opened yesterday, and tomorrow's may be the next: a day is never longer than the three.
  for (let day = -1; day <= 2; day += 1) {
    const { opensAtMs, closesAtMs } = occurrence(window, today.plus({ days: day }));
    if (opensAtMs >= closesAtMs) continue;
    if (atMs < opensAtMs) return { open: false, changesAtMs: opensAtMs };
    if (atMs < closesAtMs) return { open: true, changesAtMs: closesAtMs };
  }
  throw new Error(`a window without a next day: ${text}`);
}

function occurrence({ opens, closes }: MaintenanceWindow, day: DateTime): { readonly opensAtMs: number; readonly closesAtMs: number } {
  const isOvernight = minutesOf(closes) <= minutesOf(opens);
  return { opensAtMs: instant(day, opens), closesAtMs: instant(isOvernight ? day.plus({ days: 1 }) : day, closes) };
}

const minutesOf = ({ hour, minute }: WallTime): number => 60 * hour + minute;

/** The first moment of that day at which its wall clock shows this time or a later one. */
function instant(day: DateTime, { hour, minute }: WallTime): number {
  const exact = day.set({ hour, minute });
  if (exact.hour === hour && exact.minute === minute) return Math.min(...exact.getPossibleOffsets().map((one) => one.toMillis()));
  // In the gap: the change itself, where the offset jumps.
  let before = day.set({ hour: 0, minute: 0 }).toMillis();
  let after = exact.toMillis();
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (DateTime.fromMillis(middle, { zone: day.zone }).offset === day.offset) before = middle;
    else after = middle;
  }
  return after;
}
