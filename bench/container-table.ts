import Table from 'cli-table3';
import type { DowntimeSplit } from '../domain/contracts/cold.js';
import { median } from './steps.js';

/** One move of a container, as a client of it saw it. */
export interface ContainerRun {
  readonly name: string;
  readonly who: 'by hand' | 'ferry';
  readonly downMs: number;
}

/** Medians (and extremes), and ferry ÷ by hand. */
export function renderContainers(runs: readonly ContainerRun[]): string {
  const table = new Table({ head: ['container', 'runs', 'by hand ms', 'ferry ms', 'ferry ÷ by hand'], style: { head: [], border: [] } });
  for (const name of new Set(runs.map((run) => run.name))) {
    const [hand, ferry] = (['by hand', 'ferry'] as const).map((who) => runs.filter((run) => run.name === name && run.who === who).map(({ downMs }) => downMs)) as [number[], number[]];
    table.push([name, String(ferry.length), show(hand), show(ferry), (median(ferry) / median(hand)).toFixed(2)]);
  }
  return table.toString();
}

/** Medians by container, ms. */
export function renderDowntimes(splits: readonly { readonly name: string; readonly split: DowntimeSplit }[]): string {
  const columns: Readonly<Record<string, (split: DowntimeSplit) => number>> = {
    stop: (s) => s.stopMs, 'last changes': (s) => s.deltaMs, journal: (s) => s.handoverMs, commit: (s) => s.commitMs, start: (s) => s.startMs,
    answer: (s) => s.totalMs - s.stopMs - s.deltaMs - s.handoverMs - s.commitMs - s.startMs, all: (s) => s.totalMs,
  };
  const table = new Table({ head: ['container', ...Object.keys(columns)], style: { head: [], border: [] } });
  for (const name of new Set(splits.map((entry) => entry.name))) {
    const own = splits.filter((entry) => entry.name === name).map(({ split }) => split);
    table.push([name, ...Object.values(columns).map((figure) => median(own.map(figure)).toFixed(1))]);
  }
  return table.toString();
}

const show = (values: readonly number[]): string => `${median(values).toFixed(0)} (${Math.min(...values).toFixed(0)}…${Math.max(...values).toFixed(0)})`;
