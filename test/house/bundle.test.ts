import { join } from 'node:path';
import { DefaultLogger } from '@temporalio/worker';
import { bundleWorkflows } from '../../workers/workflow-bundle.js';

const home = process.env['FERRY_HOME'] as string;
/** The SDK alone is about 1.6 MB; every cached workflow carries the whole bundle. */
const MOST_BYTES = 2_200_000;
let code = '';

beforeAll(async () => {
  code = await bundleWorkflows(join(home, 'workflows', 'index.ts'), new DefaultLogger('ERROR'));
}, 120_000);

test.each(['hypervisor', 'cluster', 'activities', 'workers', 'client', 'lab'])('the workflow bundle holds nothing of %s/', (folder) => {
  expect(code).toContain('"./workflows/migrate-guest.ts"');
  expect(code).not.toContain(`"./${folder}/`);
});

test.each(['zod', 'ssh2', 'tinyexec', 'pino'])('the workflow bundle holds no %s', (library) => {
  expect(code).not.toContain(`node_modules/${library}/`);
});

test('the workflow bundle holds nothing that parses the outside', () => {
  expect(code).not.toContain('./domain/edge/');
});

test('the workflow bundle stays small', () => {
  expect(Buffer.byteLength(code.replace(/\n\/\/# sourceMappingURL=.*$/s, ''))).toBeLessThan(MOST_BYTES);
});
