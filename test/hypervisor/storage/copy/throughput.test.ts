import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { promisify } from 'node:util';
import { copyBlocks } from '../../../../hypervisor/storage/copy/blocks/copy-blocks.js';
import { startChild } from '../../child.js';
import { CopyBench } from '../support/copy-bench.js';
import { makeSparse, MIB, sha256Of } from '../support/images.js';

jest.setTimeout(300_000);

const run = promisify(execFile);
const DATA_BYTES = Number(process.env['FERRY_COPY_MIB'] ?? 512) * MIB;
let bench: CopyBench;
beforeEach(() => { bench = new CopyBench(); });
afterEach(() => bench.close());

async function timed(work: () => Promise<unknown>): Promise<number> {
  execFileSync('sync', ['-f', bench.dir]);
  execFileSync('dd', [`if=${bench.path('source.raw')}`, 'iflag=nocache', 'count=0', 'status=none']);
  const beganAtMs = performance.now();
  await work();
  return (performance.now() - beganAtMs) / 1000;
}

/** As the engine would be without one of its own: qemu-img through NBD, over a unix socket that a process passes on. */
async function convertThroughNbd(): Promise<void> {
  const [near, far] = [bench.path('near.sock'), bench.path('far.sock')];
  const nbd = spawn('qemu-nbd', ['-f', 'raw', '-k', far, '-t', bench.path('nbd.raw')], { stdio: 'inherit' });
  const relay = createServer((socket) => { socket.pipe(connect(far)).pipe(socket); }).listen(near);
  for (let there = false; !there;) there = await new Promise((resolve) => { const probe = connect(far, () => { probe.destroy(); resolve(true); }).on('error', () => setTimeout(() => resolve(false), 5)); });
  await run('qemu-img', ['convert', '-n', '--target-is-zero', '-f', 'raw', '-O', 'raw', bench.path('source.raw'), `nbd:unix:${near}`]);
  relay.close();
  nbd.kill('SIGTERM');
  await once(nbd, 'exit');
}

test('the copy, with its proof, beside what copies without one', async () => {
  await makeSparse(bench.path('source.raw'), 2 * DATA_BYTES, [[0, DATA_BYTES / 2], [DATA_BYTES, DATA_BYTES / 2]]);
  const child = startChild(`
    import { createServer } from 'node:net';
    import { createCopyServer } from './hypervisor/storage/copy/server.js';
    const copies = createCopyServer({ resolve: () => process.argv[3] as string });
    createServer((stream) => { void copies.serve(stream); }).listen(process.argv[2], () => process.stdout.write('up\\n'));
  `, [bench.path('copy.sock'), bench.path('target.raw')]);
  await once(child.stdout as NodeJS.ReadableStream, 'data');
  const rate = (seconds: number): string => `${Math.round(DATA_BYTES / MIB / seconds)} MiB/s`;
  const lines: string[] = [];
  const nbdSeconds = await (async () => {
    execFileSync('truncate', ['-s', String(2 * DATA_BYTES), bench.path('nbd.raw')]);
    return timed(convertThroughNbd);
  })();
  const cpSeconds = await timed(() => run('cp', ['--sparse=always', bench.path('source.raw'), bench.path('cp.raw')]));
  lines.push(`qemu-img convert over NBD ${rate(nbdSeconds)}, cp --sparse=always ${rate(cpSeconds)}`);
  let best = Number.POSITIVE_INFINITY;
  for (const connections of [1, 2, 4]) {
    await rm(bench.path('target.raw'), { force: true });
    await writeFile(bench.path('target.raw'), '');
    let verifySeconds = 0;
    const seconds = await timed(async () => {
      verifySeconds = (await copyBlocks({ dial: bench.dial, volume: 'vol:x', path: bench.path('source.raw'), connections })).verifyMs / 1000;
    });
    best = Math.min(best, seconds - verifySeconds);
    lines.push(`${connections} connections: ${rate(seconds - verifySeconds)}, ${rate(seconds)} with fsync and verification; convert = 1: ${(nbdSeconds / (seconds - verifySeconds)).toFixed(2)}, cp = 1: ${(cpSeconds / (seconds - verifySeconds)).toFixed(2)}`);
  }
  child.kill('SIGKILL');
  console.log(lines.join('\n'));
  expect(await sha256Of(bench.path('target.raw'))).toBe(await sha256Of(bench.path('nbd.raw')));
  // Beside a machine's other work a ratio of two short runs says little: only a collapse fails.
  expect(nbdSeconds / best).toBeGreaterThan(0.2);
});
