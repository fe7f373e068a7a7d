import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

const TICK_MS = 100;
const STILL_TICKS = 20;
const module_ = join(process.env['FERRY_HOME'] ?? '.', 'dist/workers/watchdog.js');

/** A process under watch that says something every tick, and then does `work`. */
function watched(work: string): ChildProcessByStdio<null, Readable, Readable> {
  const program = `
    import { startWatchdog } from ${JSON.stringify(module_)};
    startWatchdog({ tickMs: ${TICK_MS}, stillTicks: ${STILL_TICKS} });
    setInterval(() => console.log('alive'), ${TICK_MS});
    ${work}`;
  return spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'pipe'] });
}

const lines = async (child: ChildProcessByStdio<null, Readable, Readable>, count: number): Promise<void> => {
  const reader = createInterface(child.stdout);
  for (let n = 0; n < count; n++) await once(reader, 'line');
};

test('a process whose main thread stands still ends, and says why', async () => {
  const child = watched(`setTimeout(() => { for (;;); }, ${3 * TICK_MS});`);
  let words = '';
  child.stderr.on('data', (data: Buffer) => { words += data.toString(); });
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  expect({ code, signal, words }).toEqual({ code: null, signal: 'SIGKILL', words: expect.stringContaining('has stood still for 2 s') as string });
});

test('one that was frozen as a whole, for longer than that, goes on when it thaws', async () => {
  const child = watched('');
  try {
    await lines(child, 2);
    child.kill('SIGSTOP');
    await sleep(1.5 * STILL_TICKS * TICK_MS);
    child.kill('SIGCONT');
    await lines(child, STILL_TICKS);
    expect(child.signalCode).toBeNull();
  } finally {
    child.kill('SIGKILL');
  }
});

test('one that has nothing left to do ends by itself', async () => {
  const child = spawn(process.execPath, ['--input-type=module', '-e', `import { startWatchdog } from ${JSON.stringify(module_)}; startWatchdog();`], { stdio: 'ignore' });
  expect(await once(child, 'close')).toEqual([0, null]);
});
