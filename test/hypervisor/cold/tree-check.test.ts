import { mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TreeCheck } from '../../../hypervisor/cold/tree-check.js';
import { CopyBench } from '../storage/support/copy-bench.js';

let bench: CopyBench;
let file = '';
const never = new AbortController().signal;
beforeEach(async () => {
  bench = new CopyBench();
  await bench.serve();
  for (const side of ['source', 'target']) {
    mkdirSync(bench.path(side));
    writeFileSync(join(bench.path(side), 'f'), 'the same');
    for (const path of [join(bench.path(side), 'f'), bench.path(side)]) utimesSync(path, 1_700_000_000, 1_700_000_000);
  }
  mkdirSync(bench.path('received'));
  file = join(bench.path('received'), 'received.json');
});
afterEach(() => bench.close());

/** One of an agent that has just started. */
const check = (): TreeCheck => new TreeCheck({ volid: 'vol:target', dir: bench.path('source'), file });

async function remembered(): Promise<void> {
  const first = check();
  await first.seal(bench.dial, null, never);
  await first.remember();
}

test('the next agent compares with what this one has remembered', async () => {
  await remembered();
  await expect(check().verify()).resolves.toBeUndefined();
  expect(readdirSync(bench.path('received'))).toEqual(['received.json']);
  writeFileSync(join(bench.path('source'), 'f'), 'another');
  await expect(check().verify()).rejects.toMatchObject({ code: 'VolumeDiffers', message: expect.stringContaining('f (') as string });
});

test.each([['nothing', null], ['an empty file, of an agent that died while it wrote', ''], ['half of one', '{"withXattrs":true,"entr'], ['something else', '{"entries":3}']])(
  'of %s the next agent says that it can\'t be told any more', async (_what, text) => {
    if (text !== null) writeFileSync(file, text);
    await expect(check().verify()).rejects.toMatchObject({ code: 'VolumeDiffers', message: expect.stringContaining('restarted before it could note') as string });
  });
