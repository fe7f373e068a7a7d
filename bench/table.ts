import Table from 'cli-table3';
import { median } from './steps.js';

/** One migration's figures. */
export interface Run {
  readonly who: 'bare' | 'ferry';
  readonly transport: string;
  readonly totalMs: number;
  readonly qemuTotalMs: number;
  readonly qemuDowntimeMs: number;
  /** Guest stopped, by the driver's clock. */
  readonly stoppedMs: number;
  /** Longest gap in the probe's 1 ms flow. */
  readonly gapMs: number;
  /** Time in which only disks were copied. */
  readonly diskSyncMs: number;
  readonly copiedMiB: number | null;
}

/** Medians by transport, and ferry ÷ bare. */
export function renderTable(runs: readonly Run[]): string {
  const table = new Table({ head: ['transport', 'who', 'runs', 'blackout seen ms', 'stopped ms', 'QEMU downtime ms', 'total ms', 'total − QEMU total ms', '… − disk copy ms', 'MiB/s'], style: { head: [], border: [] } });
  for (const transport of new Set(runs.map((run) => run.transport))) {
    const of = (who: Run['who']): readonly Run[] => runs.filter((run) => run.transport === transport && run.who === who);
    for (const who of ['bare', 'ferry'] as const) table.push(row(transport, who, of(who)));
    const ratio = (figure: (run: Run) => number): string => (median(of('ferry').map(figure)) / median(of('bare').map(figure))).toFixed(2);
    table.push([transport, 'ferry ÷ bare', '', ratio((r) => r.gapMs), ratio((r) => r.stoppedMs), ratio((r) => r.qemuDowntimeMs), ratio((r) => r.totalMs), '', '', '']);
  }
  return table.toString();
}

function row(transport: string, who: string, runs: readonly Run[]): string[] {
  const show = (figure: (run: Run) => number): string => {
    const values = runs.map(figure);
    return `${median(values).toFixed(0)} (${Math.min(...values).toFixed(0)}…${Math.max(...values).toFixed(0)})`;
  };
  const speed = runs.every((run) => run.copiedMiB !== null) ? show((run) => ((run.copiedMiB ?? 0) * 1000) / run.totalMs) : '';
  return [transport, who, String(runs.length), show((r) => r.gapMs), show((r) => r.stoppedMs), show((r) => r.qemuDowntimeMs), show((r) => r.totalMs), show((r) => r.totalMs - r.qemuTotalMs), show((r) => r.totalMs - r.qemuTotalMs - r.diskSyncMs), speed];
}
