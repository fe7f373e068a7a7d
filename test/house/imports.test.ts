import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const home = process.env['FERRY_HOME'] as string;

/** The table of docs/architecture.md, said once more: the folders each folder may import values from. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  domain: [],
  workflows: ['domain'],
  activities: ['domain', 'hypervisor', 'cluster'],
  hypervisor: ['domain'],
  cluster: ['domain'],
  workers: ['domain', 'workflows', 'activities', 'hypervisor', 'cluster'],
  client: ['domain'],
  lab: ['domain', 'client'],
  bench: ['domain', 'client', 'lab', 'hypervisor'],
};
const FOLDERS = Object.keys(MAY_IMPORT);

interface Case {
  readonly title: string;
  readonly file: string;
  readonly code: string;
  readonly allowed: boolean;
}

const use = (names: string, source: string): string => `import ${names} from '${source}';\nexport const used = ${names.replace(/[{}]/g, '').trim()};\n`;
const forbids = (file: string, source: string, names = '{ a }'): Case => ({ title: `${file} may not import ${source}`, file, code: use(names, source), allowed: false });
const allows = (file: string, source: string, names = '{ a }'): Case => ({ title: `${file} may import ${source}`, file, code: use(names, source), allowed: true });

const between = FOLDERS.flatMap((from) => FOLDERS.filter((to) => to !== from).map((to): Case =>
  ((MAY_IMPORT[from] ?? []).includes(to) ? allows : forbids)(`${from}/sub/made-up.ts`, `../../${to}/made-up.js`)));

const packages: Case[] = [
  forbids('domain/made-up.ts', 'node:fs'),
  forbids('domain/made-up.ts', 'fs'),
  forbids('domain/made-up.ts', '@temporalio/common'),
  forbids('domain/made-up.ts', 'zod'),
  allows('domain/edge/made-up.ts', 'zod'),
  allows('domain/made-up.ts', 'ipaddr.js', 'ipaddr'),
  forbids('domain/made-up.ts', './edge/made-up.js'),
  forbids('workflows/made-up.ts', 'node:path'),
  forbids('workflows/made-up.ts', 'zod'),
  forbids('workflows/made-up.ts', '../domain/edge/made-up.js'),
  forbids('workflows/made-up.ts', '@temporalio/client'),
  forbids('workflows/made-up.ts', '@temporalio/activity'),
  allows('workflows/made-up.ts', '@temporalio/workflow'),
  forbids('activities/made-up.ts', '@temporalio/worker'),
  allows('activities/made-up.ts', '@temporalio/activity'),
  forbids('hypervisor/made-up.ts', '@temporalio/activity'),
  allows('hypervisor/made-up.ts', 'node:net'),
  forbids('cluster/made-up.ts', '@temporalio/common'),
  forbids('client/made-up.ts', '@temporalio/worker'),
  allows('client/made-up.ts', '../workflows/messages.js'),
  forbids('client/made-up.ts', '../workflows/migrate-guest.js'),
  { ...allows('client/made-up.ts', '../workflows/migrate-guest.js'), title: 'client/made-up.ts may import types from workflows/',
    code: "import type { A } from '../workflows/migrate-guest.js';\nexport const a = (b: A): A => b;\n" },
  { ...forbids('domain/made-up.ts', '../hypervisor/a.js'), title: 'a re-export is an import', code: "export { a } from '../hypervisor/a.js';\n" },
  { ...forbids('workflows/made-up.ts', '../hypervisor/a.js'), title: 'a dynamic import is an import', code: "export const a = (): unknown => import('../hypervisor/a.js');\n" },
  { ...forbids('lab/made-up.ts', 'node:child_process'), title: 'nobody runs shell strings', code: use('{ execSync }', 'node:child_process') },
  allows('lab/made-up.ts', 'node:child_process', '{ spawn }'),
];

const cases = [...between, ...packages];
let messages: string[][] = [];

beforeAll(() => {
  const run = spawnSync(process.execPath, [join(home, 'test', 'house', 'lint-cases.mjs')],
    { input: JSON.stringify(cases.map(({ file, code }) => ({ file: join(home, file), code }))), encoding: 'utf8', env: { ...process.env, FERRY_HOME: home } });
  expect(run.stderr).toBe('');
  messages = JSON.parse(run.stdout) as string[][];
}, 60_000);

test.each(cases.map((c, index) => ({ ...c, index })))('$title', ({ allowed, index }) => {
  const found = messages[index];
  if (allowed) expect(found).toEqual([]);
  else expect(found).toEqual([expect.stringMatching(/may not import|no shell strings/)]);
});
