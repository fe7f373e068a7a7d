import Table from 'cli-table3';
import { median } from './steps.js';

/** One copy of an image: its data, divided by the time. */
export interface CopyRun {
  readonly image: string;
  readonly how: 'ferry' | 'convert' | 'convert, on disk' | 'convert, on disk, compared' | 'cp';
  readonly mibPerSecond: number;
}

/** Medians in MiB/s, and ferry ÷ each of the others. */
export function renderCopies(runs: readonly CopyRun[]): string {
  const ways = [...new Set(runs.map(({ how }) => how))];
  const others = ways.filter((how) => how !== 'ferry');
  const table = new Table({ head: ['image', ...ways.map((how) => `${how} MiB/s`), ...others.map((how) => `ferry ÷ ${how}`)], wordWrap: true, style: { head: [], border: [] } });
  for (const image of new Set(runs.map((run) => run.image))) {
    const rate = (how: CopyRun['how']): number => median(runs.filter((run) => run.image === image && run.how === how).map(({ mibPerSecond }) => mibPerSecond));
    table.push([image, ...ways.map((how) => rate(how).toFixed(0)), ...others.map((how) => (rate('ferry') / rate(how)).toFixed(2))]);
  }
  return table.toString();
}
