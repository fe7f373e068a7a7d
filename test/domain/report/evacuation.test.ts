import type { EvacuationReport } from '../../../domain/contracts/evacuation-report.js';
import { renderEvacuationHtml } from '../../../domain/report/evacuation/render-html.js';
import { renderEvacuationReport } from '../../../domain/report/evacuation/render-text.js';
import { trimEvacuationReport } from '../../../domain/evacuation/trim.js';
import { bookOf, move } from '../evacuation/support.js';

function report(): EvacuationReport {
  const book = bookOf([move(101), move(102, { name: '<script>' })]);
  for (const vmid of [101, 102]) book.begin(move(vmid), 1000);
  book.settle(101, { state: 'moved', reason: '', stale: false, to: 'pve2', downtimeMs: 40, bytes: 2 ** 20 }, 3000);
  book.settle(102, { state: 'failed', reason: 'it did not converge', stale: false }, 5000);
  return {
    node: 'pve1', direction: 'away', workflowId: 'evacuate-node-pve1', outcome: 'not-empty', reason: 'pve1 is not empty: 102 (it did not converge)', requestedBy: 'root@pam', requestReason: 'firmware',
    startedAt: '1970-01-01T00:00:00.000Z', endedAt: '1970-01-01T00:00:06.000Z', totalMs: 6000, guests: book.guests, planned: book.first, plans: 1, plan: null,
    remains: { guests: [], processes: [], volumes: ['vm-9-disk-0'], reservations: [] }, actions: [{ at: '1970-01-01T00:00:02.000Z', by: 'anna', what: 'concurrency 4' }], incidents: ['pve3 takes no guests: away'], runs: 1,
  };
}

test('the text says who moved where, plan against reality, who is left, and what was said', () => {
  const text = renderEvacuationReport(report());
  expect(text.split('\n')[0]).toBe('Evacuation of pve1: not-empty after 6.0 s: pve1 is not empty: 102 (it did not converge)');
  expect(text).toMatch(/VM 101 g101\s+moved\s+pve1 → pve2\s+live\s+2\.0 s\s+1\.0 s\s+40 ms\s+10 ms\s+1\.0 MiB\s+1/);
  for (const piece of ['vm-9-disk-0 is in use', 'anna: concurrency 4', 'pve3 takes no guests', 'it was kept']) expect(text).toContain(piece);
});

test('the page draws each guest at its time, and escapes what people wrote', () => {
  const page = renderEvacuationHtml(report());
  expect(page).not.toContain('<script>');
  expect(page.match(/<rect class="span s1"/g)).toHaveLength(1);
  expect(page).toContain('<h1 class="refused">');
  expect(page).toMatch(/<rect class="span s1" x="312" y="4" width="223"/);
});

test('the memo keeps who needs somebody first', () => {
  const many = { ...report(), guests: Array.from({ length: 300 }, (_, index) => ({ ...(report().guests[index === 299 ? 1 : 0] as EvacuationReport['guests'][number]), vmid: 100 + index })) };
  const { guests } = trimEvacuationReport(many);
  expect(guests).toHaveLength(50);
  expect(guests[0]).toMatchObject({ vmid: 399, state: 'failed' });
});
