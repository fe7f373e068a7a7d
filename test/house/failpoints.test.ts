import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ALL_FAILPOINTS, type Failpoint } from '../../domain/failpoints.js';

const HOME = join(__dirname, '../..');
const FOLDERS: Record<Failpoint['where'], readonly string[]> = {
  'source agent': ['hypervisor/qemu/migration', 'hypervisor/handover', 'hypervisor/cold', 'activities/source'],
  'target agent': ['hypervisor/qemu/incoming', 'hypervisor/cold', 'activities/target'],
  'control worker': ['activities/cluster'],
};

const sources = ['activities', 'cluster', 'hypervisor', 'workers', 'workflows'].flatMap((folder) =>
  readdirSync(join(HOME, folder), { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts')).map((file) => join(folder, file)));
const placed = sources.flatMap((file) =>
  [...readFileSync(join(HOME, file), 'utf8').matchAll(/failpoint\('([^']*)'\)/g)].map((call) => ({ name: call[1] ?? '', file })));

test.each(ALL_FAILPOINTS.map(({ name, where }) => [name, where] as const))('%s stands once, in the code of the %s', (name, where) => {
  const found = placed.filter((call) => call.name === name);
  expect(found).toHaveLength(1);
  expect(FOLDERS[where].some((folder) => found[0]?.file.startsWith(`${folder}/`))).toBe(true);
});

test('every failpoint in the code is in the list', () => {
  const known = new Set<string>(ALL_FAILPOINTS.map(({ name }) => name));
  expect(placed.filter(({ name }) => !known.has(name))).toEqual([]);
});

test('each is waited for', () => {
  const lines = sources.flatMap((file) => readFileSync(join(HOME, file), 'utf8').split('\n')).filter((line) => line.includes("failpoint('"));
  expect(lines.filter((line) => !line.includes("await failpoint('"))).toEqual([]);
});
