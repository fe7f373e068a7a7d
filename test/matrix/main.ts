import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { MatrixRun } from './matrix-run.js';
import { renderMatrix } from './render.js';
import { isGood, readResults } from './results.js';
import { allRows } from './rows.js';

const HELP = `usage: matrix [--labs n] [--only <text in the row's name>] [--missing] [--minutes n] [--list]
Runs the rows on labs of their own, side by side. Results, one JSON line each: var/matrix/results.jsonl; docs/failure-matrix.md
when every row that was asked for holds.
--missing: only rows without a good result there; --minutes: begins no row after that time.`;

// The client's retry timer outlives a lab's connection and then throws where nobody can catch it.
process.on('uncaughtException', (error) => {
  if (error.message === 'Channel has been shut down') return;
  console.error(error);
  process.exit(1);
});
process.exitCode = await main();

async function main(): Promise<number> {
  const { values } = parseArgs({ options: {
    labs: { type: 'string', default: '2' }, only: { type: 'string', multiple: true }, missing: { type: 'boolean' }, minutes: { type: 'string' },
    list: { type: 'boolean' }, help: { type: 'boolean' },
  } });
  const home = process.env['FERRY_HOME'] ?? process.cwd();
  const file = join(home, 'var/matrix/results.jsonl');
  if (values.help) return say(HELP);
  const good = new Set(values.missing ? readResults(file).filter(isGood).map(({ row }) => row) : []);
  const rows = allRows().filter(({ name }) => !good.has(name) && (values.only?.some((text) => name.includes(text)) ?? true));
  if (values.list) return say(`${rows.map(({ name, expected }) => `${name}  (${expected.owner}, ${expected.guest})`).join('\n')}\n${rows.length} rows`);
  mkdirSync(dirname(file), { recursive: true });
  if (!values.missing && values.only === undefined) rmSync(file, { force: true });
  const run = new MatrixRun(rows, { file, forMs: values.minutes === undefined ? Infinity : Number(values.minutes) * 60_000 });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void run.stop().finally(() => process.exit(130)));
  await Promise.all(Array.from({ length: Math.min(Number(values.labs), rows.length) }, () => run.work()));
  const bad = run.results.filter((result) => !isGood(result));
  console.log(`${run.results.length - bad.length} rows hold, ${bad.length} do not${bad.map(({ row }) => `\n  ${row}`).join('')}`);
  const page = join(home, 'docs/failure-matrix.md');
  if (bad.length === 0 && run.results.length === rows.length) writeFileSync(page, renderMatrix(allRows(), readResults(file)));
  return bad.length === 0 ? 0 : 1;
}

function say(text: string): number {
  console.log(text);
  return 0;
}
