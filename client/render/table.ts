import Table from 'cli-table3';
import type { ListedMigration } from '../api/list.js';
import { renderDuration } from '../../domain/units.js';
import { localTime } from './local-time.js';

const HEAD = ['id', 'guest', 'from → to', 'phase', 'started', 'duration', 'outcome'];
/** No frame: columns that `awk` can take apart, with two spaces between. */
const BARE = {
  top: '', 'top-mid': '', 'top-left': '', 'top-right': '', bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '',
  left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: '  ',
};

/** What `ferry list` prints. */
export function renderList(rows: readonly ListedMigration[]): string {
  if (rows.length === 0) return 'no migrations';
  return bareTable(HEAD, rows.map((row) => [
    row.workflowId,
    row.vmid === null ? '?' : String(row.vmid),
    `${row.source ?? '?'} → ${row.target ?? '?'}`,
    row.phase ?? (row.running ? '?' : '-'),
    localTime(new Date(row.startedAt)),
    renderDuration(row.durationMs),
    row.outcome ?? 'running',
  ]));
}

export function bareTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const table = new Table({ head: [...head], chars: BARE, style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 } });
  for (const row of rows) table.push([...row]);
  return table.toString().split('\n').map((line) => line.trimEnd()).join('\n');
}
