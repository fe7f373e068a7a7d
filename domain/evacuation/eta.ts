import type { EvacuationBook } from './book.js';

/**
 * How long the rest takes, ms: the forecasts of what has not ended, side by side as far as the concurrency goes, stretched by how far the
 * forecasts were off so far. null: nothing to judge by.
 */
export function evacuationEta(book: EvacuationBook, nowMs: number): number | null {
  const { guests, concurrency } = book;
  const over = guests.flatMap(({ state, forecast, startedAtMs, endedAtMs }) =>
    state === 'moved' && startedAtMs !== null && endedAtMs !== null && (forecast?.durationMs ?? 0) > 0 ? [{ planned: forecast?.durationMs ?? 0, real: endedAtMs - startedAtMs }] : []);
  const planned = over.reduce((sum, one) => sum + one.planned, 0);
  const stretch = planned === 0 ? 1 : over.reduce((sum, one) => sum + one.real, 0) / planned;
  const open = guests.filter(({ state }) => state === 'waiting' || state === 'retrying' || state === 'moving');
  if (open.some(({ forecast }) => (forecast?.durationMs ?? 0) === 0) && planned === 0) return null;
  const left = open.map(({ state, forecast, startedAtMs }) => Math.max(0, (forecast?.durationMs ?? 0) * stretch - (state === 'moving' && startedAtMs !== null ? nowMs - startedAtMs : 0)));
  return Math.round(Math.max(Math.max(0, ...left), left.reduce((sum, ms) => sum + ms, 0) / Math.max(1, concurrency)));
}
