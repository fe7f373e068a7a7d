import { PHASES, type Phase } from '../../domain/contracts/phase.js';
import { ALL_FAILPOINTS } from '../../domain/failpoints.js';
import { FAULTS } from './faults.js';
import { isGood, type Result } from './results.js';
import { GUESTS, RECONCILE_SECONDS, type GuestName } from './cluster.js';
import type { Row } from './row.js';

/** docs/failure-matrix.md: what was seen of each row that holds. */
export function renderMatrix(rows: readonly Row[], results: readonly Result[]): string {
  const seenOf = new Map(results.filter(isGood).map((result) => [result.row, result]));
  const shown = rows.filter(({ name }) => seenOf.has(name));
  const usualMs: Usual = ({ guest, setup }) => seenOf.get(rows.find((row) => row.fault === 'nothing' && row.guest === guest && row.setup === setup)?.name ?? '')?.seen?.totalMs ?? 0;
  const chapters = GUESTS.flatMap((guest) => {
    const own = shown.filter((row) => row.guest === guest);
    return own.length === 0 ? [] : [`## ${TITLES[guest]}\n`, ...PHASES.flatMap((phase) => section(phase, own.filter((row) => row.phase === phase), seenOf, usualMs))];
  });
  return `${intro(shown.length, usualMs)}\n${chapters.join('\n')}`;
}

/** How long such a migration takes without a fault. */
type Usual = (row: Pick<Row, 'guest' | 'setup'>) => number;

const TITLES: Readonly<Record<GuestName, string>> = {
  'live VM': 'Live migrations', 'container': 'Containers, restarted on the other node', 'stopped VM': 'Stopped VMs',
};

const intro = (count: number, usualMs: Usual): string => `# Failure matrix

Written by \`make matrix\`: what was seen when the fault in the second column struck while a migration was at the place in the first.
Real QEMU, real LXC, real processes, a cluster of two nodes on one machine; VMs of 128 MiB under emulation. ${count} rows.

In every row the guest's memory and disks were checked by the guest itself (a stopped VM's disk by its digest; a container counts on its
disk, and may have lost no number it told); a watcher heard every 5 ms from which node it runs, and never from two; afterwards lock, commit
token, journals, processes, tunnels, sockets, ports, network cards, mounts, volumes and workflows were looked for, and none was left.

- **ends**: what the migration reported; **guest**: where it is afterwards. \`started again\`: the fault itself had ended it, a person started it.
- **silent**: the longest time without a sign of life of the guest.
- **added**: time over that of a migration without a fault (live: ${seconds(usualMs({ guest: 'live VM', setup: 'shared disks' }))} with shared disks, ${seconds(usualMs({ guest: 'live VM', setup: 'local disks' }))}
  with a local one; a container ${seconds(usualMs({ guest: 'container', setup: 'standing still' }))}, a stopped VM ${seconds(usualMs({ guest: 'stopped VM', setup: 'standing still' }))}), the duration of the fault included.
- An agent looks for what a terminated workflow left every ${RECONCILE_SECONDS} s here, every 180 s by default.
`;

function section(phase: Phase, rows: readonly Row[], seenOf: ReadonlyMap<string, Result>, usualMs: Usual): string[] {
  if (rows.length === 0) return [];
  const lines = rows.map((row) => {
    const seen = seenOf.get(row.name)?.seen;
    if (!seen) return '';
    const guest = `${seen.owner}${seen.guest === 'ended' ? ', started again' : ''}`;
    return `| ${placeOf(row)} | ${faultOf(row)} | ${seen.outcome} | ${guest} | ${ms(seen.silentMs)} | ${seconds(Math.max(0, seen.totalMs - usualMs(row)))} |`;
  });
  return [`### ${phase}\n\n| place | fault | ends | guest | silent | added |\n|---|---|---|---|---|---|\n${lines.join('\n')}\n`];
}

function placeOf({ at, preludes }: Row): string {
  const what = ALL_FAILPOINTS.find((point) => point.name === at)?.what ?? '';
  const led = preludes.map((prelude) => (prelude.action === 'cancel' ? 'cancelled' : `${prelude.action} at \`${prelude.at}\``)).join(', ');
  return `\`${at}\`: ${what}${led === '' ? '' : ` (after: ${led})`}`;
}

function faultOf({ at, fault, guest, setup }: Row): string {
  if (fault === 'kill') return `${ALL_FAILPOINTS.find((point) => point.name === at)?.where ?? ''} killed`;
  if (fault === 'error') return 'this step fails';
  return `${FAULTS[fault].title}${guest === 'live VM' && (fault === 'lose answers' || fault === 'nothing') ? ` (${setup})` : ''}`;
}

const ms = (value: number): string => (value < 1000 ? `${value} ms` : seconds(value));
const seconds = (value: number): string => `${(value / 1000).toFixed(1)} s`;
