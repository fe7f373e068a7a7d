import { sourceSettings } from '../../../hypervisor/qemu/migration/settings.js';
import type { Monitor } from '../../../hypervisor/qemu/qmp/monitor.js';
import { waitUntil } from '../../../hypervisor/wait.js';
import { startPair, type Pair } from './two-qemus.js';

const never = AbortSignal.timeout(60_000);
let pair: Pair;
afterEach(() => pair.close());

async function migrate(): Promise<void> {
  await pair.driver.start(pair.ramAddress, 100);
}

const runs = async (side: 'source' | 'target'): Promise<boolean> => (await pair[side].monitor.queryStatus()).running;

test('a guest with a local disk goes on running on the target, and only there', async () => {
  pair = await startPair({ disk: true });
  await migrate();
  const result = await pair.driver.result(never);
  expect([await runs('source'), await runs('target')]).toEqual([false, true]);
  expect(pair.token.decision).toBe('committed');
  expect(pair.channel.handovers).toBe(1);
  expect(result.blackout.totalMs).toBeGreaterThan(0);
  expect(result.blackout.totalMs).toBeLessThan(5000);
  expect(result.ramBytes).toBeGreaterThan(0);
});

test('a visit lasts until the switch is over, so that nothing wakes in the blackout', async () => {
  pair = await startPair();
  await migrate();
  const visit = await pair.driver.visit(0, never, () => undefined);
  expect([visit.kind, pair.driver.state]).toEqual(['switching', 'switched']);
  // The answer of that visit was lost: the next one brings the figures.
  expect(await pair.driver.visit(0, never, () => undefined)).toMatchObject({ kind: 'switching', sample: { round: expect.any(Number) as number } });
  expect(await runs('target')).toBe(true);
});

test('a target that does not answer at the switch: the guest runs on at the source, nothing is handed over', async () => {
  pair = await startPair({ disk: true });
  pair.channel.armed = false;
  await migrate();
  await expect(pair.driver.result(never)).rejects.toThrow(/target agent does not answer/);
  expect([await runs('source'), await runs('target')]).toEqual([true, false]);
  expect(pair.channel.handovers).toBe(0);
  expect(pair.token.decision).toBe('undecided');
});

test('a token that was aborted first: the target never runs, the source goes on by itself', async () => {
  pair = await startPair();
  pair.token.decision = 'aborted';
  await migrate();
  await expect(pair.driver.result(never)).rejects.toThrow(/token says aborted/);
  expect([await runs('source'), await runs('target')]).toEqual([true, false]);
});

test('aborted while the target does not answer: the source goes on by itself', async () => {
  pair = await startPair();
  pair.channel.handOver = () => {
    pair.token.decision = 'aborted';
    return new Promise(() => undefined);
  };
  await migrate();
  await expect(pair.driver.result(never)).rejects.toThrow(/decided elsewhere/);
  expect([await runs('source'), await runs('target')]).toEqual([true, false]);
});

test('the target says aborted and the token does not: the source believes the token, and stands still', async () => {
  pair = await startPair();
  pair.channel.handOver = () => Promise.resolve({ kind: 'refused', decision: 'aborted', reason: 'so it says' });
  await migrate();
  await expect(pair.driver.result(never)).rejects.toThrow(/so it says/);
  expect([await runs('source'), await runs('target')]).toEqual([false, false]);
});

test('a cancel that comes too late, after a restart in `device`: the guest goes forward without a command', async () => {
  pair = await startPair();
  const { client, monitor } = pair.source;
  await monitor.migrateSetCapabilities(sourceSettings(pair.plan, 100, null).capabilities);
  const reached = (status: string): Promise<unknown> => client.waitForEvent((e) => e.event === 'MIGRATION' && e.data['status'] === status, 20_000);
  await Promise.all([reached('pre-switchover'), monitor.migrate(pair.ramAddress)]);
  await Promise.all([reached('completed'), monitor.migrateContinue('pre-switchover')]);
  const restarted = pair.driverWith(seesOnce(monitor, 'device'));
  await restarted.adopt();
  await restarted.result(never);
  expect([await runs('source'), await runs('target')]).toEqual([false, true]);
  expect(pair.channel.handovers).toBe(1);
});

/** A monitor whose first look at the migration is older than QEMU's last step. */
function seesOnce(monitor: Monitor, status: string): Monitor {
  let seen = false;
  return new Proxy(monitor, {
    get(of, name) {
      if (name === 'queryMigrate' && !seen) {
        seen = true;
        return async () => ({ ...await of.queryMigrate(), status });
      }
      const member: unknown = Reflect.get(of, name);
      return typeof member === 'function' ? member.bind(of) as unknown : member;
    },
  });
}

test('an abort while memory is copied leaves the guest running on the source', async () => {
  pair = await startPair();
  await pair.driver.start(pair.ramAddress, 100);
  await pair.driver.apply({ action: 'set-bandwidth', bandwidthBytesPerSecond: 4096, reason: 'hold' });
  await pair.driver.apply({ action: 'abort', reason: 'asked to' });
  const visit = await pair.driver.visit(0, never, () => undefined);
  expect(['ended', 'switching']).toContain(visit.kind);
  if (visit.kind === 'ended') expect(await runs('source')).toBe(true);
});

test('the target QEMU dies while memory is copied: the guest runs on at the source', async () => {
  pair = await startPair();
  const held = pair.driver.start(pair.ramAddress, 100).then(() => pair.driver.apply({ action: 'set-bandwidth', bandwidthBytesPerSecond: 4096, reason: 'hold' }));
  await held;
  pair.target.process.kill('SIGKILL');
  await expect(pair.driver.result(never)).rejects.toThrow(/QEMU ended the migration as failed|refused/);
  expect(await runs('source')).toBe(true);
});

const maxBandwidth = async (): Promise<unknown> => (await pair.source.monitor.queryMigrateParameters())['max-bandwidth'];
const until = (holds: () => Promise<boolean>): Promise<void> => waitUntil(holds, { intervalMs: 10, signal: AbortSignal.timeout(10_000) });

test('while the target agent is away the stream is held; it goes on when the agent is back, at the pace it had', async () => {
  pair = await startPair({ steered: { bandwidthBytesPerSecond: 65_536 } });
  await migrate();
  expect(await maxBandwidth()).toBe(65_536);
  pair.channel.setArmed(false);
  await until(async () => await maxBandwidth() === 4096);
  expect(pair.driver.state).toBe('copying');
  pair.channel.setArmed(true);
  await until(async () => await maxBandwidth() === 65_536);
  await pair.driver.apply({ action: 'set-bandwidth', bandwidthBytesPerSecond: null, reason: 'enough waited' });
  await pair.driver.result(never);
  expect(await runs('target')).toBe(true);
});

test('while no decision could be written the stream is held, and says why', async () => {
  pair = await startPair({ steered: { bandwidthBytesPerSecond: 65_536 } });
  await migrate();
  await pair.driver.holdWhile('the cluster file system is read-only');
  expect(await maxBandwidth()).toBe(4096);
  await pair.driver.holdWhile(null);
  expect(await maxBandwidth()).toBe(65_536);
});

test('a driver that leaves holds the stream for the next one', async () => {
  pair = await startPair({ steered: { bandwidthBytesPerSecond: 65_536 } });
  await migrate();
  await pair.driver.leave();
  expect(await maxBandwidth()).toBe(4096);
  expect(['setup', 'active']).toContain((await pair.source.monitor.queryMigrate()).status);
});

test('a HANDOVER that comes twice commits once and gets the same answer', async () => {
  pair = await startPair();
  await migrate();
  await pair.driver.result(never);
  const again = await pair.gate.onHandover();
  expect(again.kind).toBe('committed');
  expect(await runs('target')).toBe(true);
});

test('a copy that arrived and died is not committed: the source can still go on', async () => {
  pair = await startPair();
  const deliver = pair.channel.handOver.bind(pair.channel);
  pair.channel.handOver = async () => {
    if (pair.target.client.closed) return deliver();
    await waitUntil(async () => (await pair.target.monitor.queryMigrate()).status === 'completed', { intervalMs: 10, signal: never });
    pair.target.process.kill('SIGKILL');
    await waitUntil(() => Promise.resolve(pair.target.client.closed), { intervalMs: 10, signal: never });
    return deliver();
  };
  await migrate();
  await until(() => Promise.resolve(pair.channel.handovers > 0));
  expect(pair.token.decision).toBe('undecided');
  pair.token.decision = 'aborted';
  await expect(pair.driver.result(never)).rejects.toThrow(/aborted|refused/);
  expect(await runs('source')).toBe(true);
});

test('the gate refuses while the guest has not arrived', async () => {
  pair = await startPair();
  const stuck = pair.gate.committed(AbortSignal.timeout(200));
  await expect(stuck).rejects.toThrow();
  expect(pair.token.decision).toBe('undecided');
  expect(await runs('target')).toBe(false);
});
