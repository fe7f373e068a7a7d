import Table from 'cli-table3';
import type { SwitchoverResult } from '../domain/contracts/activities.js';
import { median } from './steps.js';

export type BlackoutSplit = SwitchoverResult['blackout'];

/** Where ferry's blackouts went, medians by transport. `answer`: what the source waited for beyond the target's own work. */
export function renderSplits(splits: readonly { readonly transport: string; readonly split: BlackoutSplit }[]): string {
  const columns: Readonly<Record<string, (split: BlackoutSplit) => number>> = {
    'stop ms': (s) => s.stopMs,
    'mirrors ms': (s) => s.mirrorFinishMs,
    'last state ms': (s) => s.finalStateMs,
    'journal ms': (s) => s.handoverMs,
    'commit ms': (s) => s.commitMs,
    'resume ms': (s) => s.resumeMs,
    'answer ms': (s) => s.totalMs - s.stopMs - s.mirrorFinishMs - s.finalStateMs - s.handoverMs - s.commitMs - s.resumeMs,
    'all ms': (s) => s.totalMs,
  };
  const table = new Table({ head: ['transport', ...Object.keys(columns)], style: { head: [], border: [] } });
  for (const transport of new Set(splits.map((entry) => entry.transport))) {
    const own = splits.filter((entry) => entry.transport === transport).map(({ split }) => split);
    table.push([transport, ...Object.values(columns).map((figure) => median(own.map(figure)).toFixed(1))]);
  }
  return table.toString();
}
