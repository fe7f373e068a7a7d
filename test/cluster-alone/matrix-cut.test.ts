import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MatrixRun } from '../matrix/matrix-run.js';
import { allRows } from '../matrix/rows.js';
import { isGood } from '../matrix/results.js';

jest.setTimeout(600_000);
const dir = mkdtempSync(join(tmpdir(), 'ferry-cut-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** Every fault and every phase once; `make matrix` runs all rows. */
test('a cut of the failure matrix holds: the guest runs once, where it should, and nothing is left', async () => {
  const rows = allRows().filter(({ cut }) => cut);
  const run = new MatrixRun(rows, { file: join(dir, 'results.jsonl'), forMs: Infinity });
  try {
    await Promise.all([run.work(), run.work()]);
  } finally {
    await run.stop();
  }
  expect(run.results.filter((result) => !isGood(result))).toEqual([]);
  expect(run.results).toHaveLength(rows.length);
});
