import type { RoundRecord } from '../contracts/report.js';
import { renderBytes, renderDuration, renderRate } from '../units.js';

const SHOWN_AT_EACH_END = 8;

export const ROUND_COLUMNS = ['Round', 'At', 'Remaining', 'Copied at', 'Dirtied at', 'Throttle', 'Limit', 'Decision'] as const;

/** The figures of one round and what was decided on them, in the order of `ROUND_COLUMNS`. */
export function roundCells({ sample, step }: RoundRecord): string[] {
  return [
    String(sample.round),
    renderDuration(sample.elapsedMs),
    renderBytes(sample.remainingBytes),
    renderRate(sample.bandwidthBytesPerSecond),
    renderRate(sample.dirtyBytesPerSecond),
    `${sample.cpuThrottlePercent} %`,
    `${sample.downtimeLimitMs} ms`,
    step.action,
  ];
}

export type ShownRound = { readonly kind: 'round'; readonly record: RoundRecord } | { readonly kind: 'gap'; readonly count: number };

/** All of a short list; of a long one both ends and every round at which something was decided. */
export function selectRounds(rounds: readonly RoundRecord[]): ShownRound[] {
  const shown: ShownRound[] = [];
  let skipped = 0;
  rounds.forEach((record, i) => {
    const atAnEnd = i < SHOWN_AT_EACH_END || i >= rounds.length - SHOWN_AT_EACH_END;
    if (!atAnEnd && record.step.action === 'continue') {
      skipped += 1;
      return;
    }
    if (skipped > 0) shown.push({ kind: 'gap', count: skipped });
    skipped = 0;
    shown.push({ kind: 'round', record });
  });
  return shown;
}
