import { join } from 'node:path';
import { DefaultLogger } from '@temporalio/worker';
import { bundleWorkflows } from '../../workers/workflow-bundle.js';

jest.setTimeout(60_000);

const LARGEST_BYTES = 2.5 * 2 ** 20;

describe('the workflow bundle', () => {
  it('holds workflows and domain only: no machinery, no schema library; and it stays small', async () => {
    const code = await bundleWorkflows(join(process.env['FERRY_HOME'] ?? '.', 'workflows/index.ts'), new DefaultLogger('ERROR'));
    const sources = sourcesOf(code);
    expect(sources.filter((file) => /workflows\/migrate-vm\.ts$/.test(file))).not.toEqual([]);
    const foreign = sources.filter((file) => !file.includes('node_modules/') && /\/(hypervisor|activities|workers|client|lab|domain\/edge)\/|\/main\/cluster\/|^cluster\//.test(file));
    expect(foreign).toEqual([]);
    expect(sources.filter((file) => /node_modules\/(zod|pino|ssh2|@temporalio\/(worker|client|activity))\//.test(file))).toEqual([]);
    process.stdout.write(`workflow bundle: ${Math.round(code.length / 1024)} KiB from ${sources.length} modules\n`);
    expect(code.length).toBeLessThan(LARGEST_BYTES);
  });
});

/** The modules in the bundle, from its inline source map. */
function sourcesOf(code: string): string[] {
  const encoded = /sourceMappingURL=data:application\/json;[^,]*base64,([A-Za-z0-9+/=]+)/.exec(code)?.[1] ?? '';
  return (JSON.parse(Buffer.from(encoded, 'base64').toString()) as { sources: string[] }).sources;
}
