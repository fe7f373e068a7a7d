import type { LedgerView, SlotLine } from '../contracts/slots.js';
import { MAX_DETAILS_BYTES } from '../progress/details.js';
import { cutTo, plainMarkdown } from '../progress/markdown.js';
import { POOL_WORDS, resourceWords } from './words.js';

/** The "Current Details" of the ledgers in the Temporal UI: Markdown tables of slots, holders and queue, less than 2 kB. */
export function renderLedgerDetails(views: readonly LedgerView[]): string {
  const numbers = views.flatMap(({ resource, pools }) => pools.filter(({ used, setBy }) => used > 0 || setBy !== null).map(({ pool, used, limit, setBy }) =>
    `| ${where(resource)}&emsp; | ${POOL_WORDS[pool]}&emsp; | ${used}&emsp; | ${limit ?? 'none'}${setBy === null ? '' : `, set by ${plainMarkdown(cutTo(setBy, 60))}`} |`));
  const lines = [
    ...table('nothing is in use', ['where', 'slots', 'used', 'limit'], numbers),
    ...table('nobody holds', ['where', 'holds', 'since', 'slots'], views.flatMap(({ resource, holders }) => holders.map((line) => lineOf(resource, line, line.pools.map((pool) => POOL_WORDS[pool]).join(', '))))),
    ...table('nobody waits', ['where', 'waits', 'since', 'why'], views.flatMap(({ resource, waiters }) => waiters.map((line) => lineOf(resource, line, plainMarkdown(cutTo(line.reason, 120)))))),
    '**You can now:** change the limits with the update setLimits, `{"resource":"pve2","limits":{"transfer-in":4}}`, or `ferry slots set`; null takes a limit back.',
  ];
  return cutTo(lines.join('\n'), MAX_DETAILS_BYTES);
}

/** So many lines of each table fit. */
const MOST_LINES = 6;

function table(none: string, heads: readonly string[], rows: readonly string[]): string[] {
  if (rows.length === 0) return [none, ''];
  const rest = rows.length - MOST_LINES;
  return [`| ${heads.join('&emsp; | ')} |`, `|${' :-- |'.repeat(heads.length)}`, ...rows.slice(0, MOST_LINES), ...(rest > 0 ? [`| and ${rest} more | | | |`] : []), ''];
}

const where = (resource: string): string => plainMarkdown(resourceWords(resource));

const lineOf = (resource: string, { vmid, since }: SlotLine, last: string): string => `| ${where(resource)}&emsp; | guest ${vmid}&emsp; | ${since.slice(11, 19)} UTC&emsp; | ${last} |`;
