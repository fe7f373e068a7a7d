import { PHASES, type Phase } from '../../domain/contracts/phase.js';
import { FAILPOINTS } from '../../domain/failpoints.js';
import { FAULTS } from './faults.js';
import { isGood, type Result } from './results.js';
import type { Row } from './rows.js';

/** docs/failure-matrix.md: what was seen of each row that holds. */
export function renderMatrix(rows: readonly Row[], results: readonly Result[]): string {
  const seenOf = new Map(results.filter(isGood).map((result) => [result.row, result]));
  const shown = rows.filter(({ name }) => seenOf.has(name));
  const usualMs = (disks: Row['disks']): number => seenOf.get(rows.find((row) => row.fault === 'nothing' && row.disks === disks)?.name ?? '')?.seen?.totalMs ?? 0;
  const sections = PHASES.flatMap((phase) => section(phase, shown.filter((row) => row.phase === phase), seenOf, usualMs));
  return `${intro(shown.length, usualMs)}\n${sections.join('\n')}`;
}

const intro = (count: number, usualMs: (disks: Row['disks']) => number): string => `# Failure matrix

Written by \`make matrix\`: what was seen when the fault in the second column struck while a migration was at the place in the first.
Real QEMU, real processes, a cluster of two nodes on one machine, a guest of 128 MiB under emulation. ${count} rows.

In every row the guest's memory and disks were checked by the guest itself; a watcher heard every 5 ms from which node it runs, and
never from two; afterwards lock, commit token, journals, processes, tunnels, sockets, ports, taps, volumes and workflows were looked
for, and none was left.

- **ends**: what the migration reported; **guest**: where it runs afterwards. \`started again\`: the fault itself had ended it, a person started it.
- **silent**: the longest time without a sign of life of the guest.
- **added**: time over that of a migration without a fault (${seconds(usualMs('shared'))} with shared disks, ${seconds(usualMs('local'))} with a local one), the duration of the fault included.
`;

function section(phase: Phase, rows: readonly Row[], seenOf: ReadonlyMap<string, Result>, usualMs: (disks: Row['disks']) => number): string[] {
  if (rows.length === 0) return [];
  const lines = rows.map((row) => {
    const seen = seenOf.get(row.name)?.seen;
    if (!seen) return '';
    const guest = `${seen.owner}${seen.guest === 'ended' ? ', started again' : ''}`;
    return `| ${placeOf(row)} | ${faultOf(row)} | ${seen.outcome} | ${guest} | ${ms(seen.silentMs)} | ${seconds(Math.max(0, seen.totalMs - usualMs(row.disks)))} |`;
  });
  return [`## ${phase}\n\n| place | fault | ends | guest | silent | added |\n|---|---|---|---|---|---|\n${lines.join('\n')}\n`];
}

function placeOf({ at, preludes }: Row): string {
  const what = FAILPOINTS.find((point) => point.name === at)?.what ?? '';
  const led = preludes.map((prelude) => (prelude.action === 'cancel' ? 'cancelled' : `${prelude.action} at \`${prelude.at}\``)).join(', ');
  return `\`${at}\`: ${what}${led === '' ? '' : ` (after: ${led})`}`;
}

function faultOf({ at, fault, disks }: Row): string {
  if (fault === 'kill') return `${FAILPOINTS.find((point) => point.name === at)?.where ?? ''} killed`;
  if (fault === 'error') return 'this step fails';
  return `${FAULTS[fault].title}${fault === 'lose answers' || fault === 'nothing' ? ` (${disks} disks)` : ''}`;
}

const ms = (value: number): string => (value < 1000 ? `${value} ms` : seconds(value));
const seconds = (value: number): string => `${(value / 1000).toFixed(1)} s`;
