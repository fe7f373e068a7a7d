import type { LedgerView, SlotLine } from '../contracts/slots.js';
import { MAX_DETAILS_BYTES } from '../progress/details.js';
import { cutTo, plainMarkdown } from '../progress/markdown.js';
import { POOL_WORDS, resourceWords } from './words.js';

/** The "Current Details" of a ledger in the Temporal UI: Markdown tables of slots, holders and queue, less than 2 kB. */
export function renderLedgerDetails({ resource, pools, holders, waiters }: LedgerView): string {
  const lines = [
    `### Slots of ${plainMarkdown(resourceWords(resource))}`, '',
    '| slots&emsp; | used&emsp; | limit |', '| :-- | :-- | :-- |',
    ...pools.map(({ pool, used, limit, setBy }) => `| ${POOL_WORDS[pool]}&emsp; | ${used}&emsp; | ${limit ?? 'none'}${setBy === null ? '' : `, set by ${plainMarkdown(cutTo(setBy, 60))}`} |`),
    '', ...table('holds', holders, () => ''), ...table('waits', waiters, (line) => plainMarkdown(cutTo((line as LedgerView['waiters'][number]).reason, 120))),
    '**You can now:** change the limits with the update setLimits, `{"limits":{"transfer-in":4}}`, or `ferry slots set`; null takes a limit back.',
  ];
  return cutTo(lines.join('\n'), MAX_DETAILS_BYTES);
}

/** So many lines fit. */
const MOST_LINES = 8;

function table(head: string, lines: readonly SlotLine[], more: (line: SlotLine) => string): string[] {
  if (lines.length === 0) return [`nobody ${head}`, ''];
  const rows = lines.slice(0, MOST_LINES).map((line) => `| guest ${line.vmid}&emsp; | ${line.since.slice(11, 19)} UTC&emsp; | ${line.pools.map((pool) => POOL_WORDS[pool]).join(', ')}&emsp; | ${more(line)} |`);
  const rest = lines.length - rows.length;
  return [`| ${head}&emsp; | since&emsp; | slots&emsp; | |`, '| :-- | :-- | :-- | :-- |', ...rows, ...(rest > 0 ? [`| and ${rest} more | | | |`] : []), ''];
}
