import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { layoutOf } from '../../lab/layout.js';
import { readRecord, runningPid, startRecorded, stopRecorded, sweepProcesses } from '../../lab/processes.js';
import { run, runMarked } from '../../lab/run.js';

const layout = layoutOf(mkdtempSync(join(tmpdir(), 'lab-')));
const launch = (script: string) => ({ argv: ['bash', '-c', script], env: { PATH: process.env['PATH'] ?? '' }, logFile: join(layout.runDir, 'log') });

beforeAll(() => mkdirSync(layout.runDir));
afterAll(async () => {
  await sweepProcesses(layout);
  rmSync(layout.dir, { recursive: true });
});

test('a recorded process is found by pid and start time, and stopped with its children', async () => {
  await startRecorded(layout, 'parent', launch('sleep 1000 & wait'));
  const pid = runningPid(layout, 'parent');
  expect(pid).toBe(readRecord(layout, 'parent')?.pid);
  await stopRecorded(layout, 'parent');
  expect((await run(['ps', '-o', 'stat=', '-s', String(pid)])).stdout).not.toMatch(/^[^Z]/m);
  expect(readRecord(layout, 'parent')).toBeNull();
});

test('a process that ends kindly is not killed', async () => {
  await startRecorded(layout, 'kind', launch('trap "echo bye; exit" TERM; echo ready; while :; do sleep 0.05; done'));
  while (!readFileSync(join(layout.runDir, 'log'), 'utf8').includes('ready')) await new Promise(setImmediate);
  await stopRecorded(layout, 'kind', { kindlyMs: 5000 });
  expect(readFileSync(join(layout.runDir, 'log'), 'utf8')).toContain('bye');
});

test.each([
  ['another boot of the machine', { bootId: 'other' }],
  ['a process that had the same pid', { startTicks: 1 }],
])('a record of %s is stale and harms nobody', async (_, change) => {
  await startRecorded(layout, 'innocent', launch('exec sleep 1000'));
  const record = readRecord(layout, 'innocent');
  writeFileSync(join(layout.runDir, 'stale.json'), JSON.stringify({ ...record, ...change }));
  expect(runningPid(layout, 'stale')).toBeNull();
  await stopRecorded(layout, 'stale');
  expect(runningPid(layout, 'innocent')).toBe(record?.pid);
  await stopRecorded(layout, 'innocent');
});

test('a process whose record is lost is found by its mark', async () => {
  await startRecorded(layout, 'lost', launch('exec sleep 1000'));
  const pid = runningPid(layout, 'lost');
  rmSync(join(layout.runDir, 'lost.json'));
  await sweepProcesses(layout);
  expect((await run(['ps', '-o', 'stat=', '-p', String(pid)])).stdout).not.toMatch(/^[^Z]/);
});

test('what was stopped has given back its ports', async () => {
  const script = "const b = Buffer.alloc(512 << 20, 1); const s = require('node:net').createServer().listen(0, '127.0.0.1', () => console.log('port', s.address().port, b.length))";
  for (let round = 0; round < 3; round++) {
    const logFile = join(layout.runDir, `heavy${round}`);
    await startRecorded(layout, 'heavy', { ...launch(''), argv: [process.execPath, '-e', script], logFile });
    const port = async (): Promise<number> => {
      for (;;) {
        const found = /port (\d+)/.exec(readFileSync(logFile, 'utf8'))?.[1];
        if (found !== undefined) return Number(found);
        await new Promise(setImmediate);
      }
    };
    const taken = await port();
    await stopRecorded(layout, 'heavy');
    const server = createServer().listen(taken, '127.0.0.1');
    await once(server, 'listening');
    server.close();
  }
});

test('a program\'s exit code, output and input come through; a missing program is an error that names it', async () => {
  expect(await run(['sh', '-c', 'cat; echo err >&2; exit 3'], { stdin: 'in' })).toEqual({ exitCode: 3, stdout: 'in', stderr: 'err\n' });
  expect((await run(['sh', '-c', 'kill -9 $$'])).exitCode).toBe(137);
  await expect(run(['/no/such/program'])).rejects.toThrow('/no/such/program failed');
  expect((await runMarked('/some/lab', () => run(['env']))).stdout).toContain('FERRY_LAB_PROCESS_OF=/some/lab\n');
});
