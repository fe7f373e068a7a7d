import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { failpoint, honourFailpoints } from '../../hypervisor/failpoint.js';
import { openFailpoints, type Failpoints } from '../../lab/failpoints.js';
import { layoutOf } from '../../lab/layout.js';

const NAME = 'source.migrate.before';
let dir: string;
let points: Failpoints;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'failpoint-'));
  points = openFailpoints(layoutOf(dir), 'pve1');
  honourFailpoints(join(dir, 'nodes/pve1/agent/failpoints'));
});
afterEach(() => {
  honourFailpoints(undefined);
  rmSync(dir, { recursive: true });
});

test('without a directory nothing fires, whatever is armed', () => {
  honourFailpoints(undefined);
  points.arm(NAME, 'error');
  expect(failpoint(NAME)).toBeUndefined();
});

test('what is not armed costs no turn of the event loop', () => {
  expect(failpoint(NAME)).toBeUndefined();
});

test('an error is thrown as often as asked, then never again, and each time is marked', async () => {
  points.arm(NAME, 'error', { times: 2 });
  await expect(failpoint(NAME)).rejects.toThrow(NAME);
  expect(points.armed()).toEqual([{ name: NAME, action: 'error', ms: 0, times: 1 }]);
  await expect(failpoint(NAME)).rejects.toThrow(NAME);
  expect(failpoint(NAME)).toBeUndefined();
  expect(points.fired().map(({ name, action, pid }) => ({ name, action, pid }))).toEqual(Array(2).fill({ name: NAME, action: 'error', pid: process.pid }));
});

test('a delay lasts as long as asked', async () => {
  points.arm(NAME, 'delay', { ms: 30 });
  const begunAtMs = performance.now();
  await failpoint(NAME);
  expect(performance.now() - begunAtMs).toBeGreaterThanOrEqual(29);
});

test.each(['release', 'clear'] as const)('who hangs is seen to, and goes on after %s', async (how) => {
  points.arm(NAME, 'hang');
  let over = false;
  const hanging = Promise.resolve(failpoint(NAME)).then(() => { over = true; });
  await points.untilFired(NAME, 1000);
  expect({ held: points.isHeld(NAME), over }).toEqual({ held: true, over: false });
  points[how](NAME);
  await hanging;
});

test('kill ends the process at that very place, and leaves the mark', async () => {
  const script = join(dir, 'killed.mjs');
  const reached = join(dir, 'reached');
  writeFileSync(script, `
    import { writeFileSync } from 'node:fs';
    const { failpoint, honourFailpoints } = await import(${JSON.stringify(join(layoutOf(dir).home, 'dist/hypervisor/failpoint.js'))});
    honourFailpoints(${JSON.stringify(join(dir, 'nodes/pve1/agent/failpoints'))});
    await failpoint('${NAME}');
    writeFileSync(${JSON.stringify(reached)}, '');`);
  points.arm(NAME, 'kill');
  const child = spawn(process.execPath, [script], { stdio: 'inherit' });
  const [, signal] = (await once(child, 'exit')) as [number | null, string | null];
  expect(signal).toBe('SIGKILL');
  expect(points.fired()).toMatchObject([{ name: NAME, action: 'kill', pid: child.pid }]);
  expect(existsSync(reached)).toBe(false);
});

test('only the process that comes by can be armed', () => {
  expect(() => points.arm('cluster.lock.before', 'kill')).toThrow('passed by the control worker');
  expect(() => openFailpoints(layoutOf(dir), 'control').arm(NAME, 'kill')).toThrow('passed by the source agent');
});
