import { mkdirSync, mkdtempSync, rmSync, rmdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { namesIn } from '../../lab/names-in.js';

const base = mkdtempSync(join(tmpdir(), 'ferry-names-'));
const directory = join(base, 'netns');
afterAll(() => rmSync(base, { recursive: true }));

test('a directory that goes while it is looked at has nothing in it', async () => {
  for (let round = 0; round < 300; round += 1) {
    mkdirSync(directory);
    const names = namesIn(directory);
    rmdirSync(directory);
    expect(await names).toEqual([]);
  }
});

test('what is there is found, and any other trouble is told', async () => {
  writeFileSync(join(base, 'file'), '');
  expect(await namesIn(base)).toEqual(['file']);
  await expect(namesIn(join(base, 'file'))).rejects.toMatchObject({ code: 'ENOTDIR' });
});
