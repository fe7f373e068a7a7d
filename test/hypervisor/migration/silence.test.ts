import { abandonMirrors } from '../../../hypervisor/qemu/migration/mirror.js';
import { waitUntil } from '../../../hypervisor/wait.js';
import { startPair, type Pair } from './two-qemus.js';

jest.setTimeout(90_000);
const MIB = 1024 * 1024;
/** Shorter than the default, so that the tests are. */
const silenceTimeoutSeconds = 3;
const within = (ms: number): AbortSignal => AbortSignal.timeout(ms);
let pair: Pair;
afterEach(() => pair.close());

const sourceRuns = async (): Promise<boolean> => (await pair.source.monitor.queryStatus()).running;
const status = async (): Promise<string | null> => (await pair.source.monitor.queryMigrate()).status;

async function untilFlowing(): Promise<void> {
  const flows = async (): Promise<boolean> => ((await pair.source.monitor.queryMigrate()).ram?.transferred ?? 0) > MIB;
  await waitUntil(flows, { intervalMs: 50, signal: within(40_000) }).catch(async () => {
    throw new Error(`memory does not flow: ${pair.driver.state}, ${JSON.stringify(await pair.source.monitor.queryMigrate())}`);
  });
}

/** From the cut to the end of the driver's duty. */
async function endAfterCut(): Promise<{ cause: string; tookMs: number }> {
  const begunAtMs = performance.now();
  pair.wire.cut();
  const cause = await pair.driver.result(within(30_000)).then(() => 'it went through', String);
  return { cause, tookMs: performance.now() - begunAtMs };
}

describe.each([0, 2])('memory over a wire that takes nothing any more, %i extra channels', (multifdChannels) => {
  test('the stream is given up within seconds, the guest runs on, the reason is told', async () => {
    pair = await startPair({ fullMemory: true, silenceTimeoutSeconds, multifdChannels, steered: { bandwidthBytesPerSecond: 8 * MIB } });
    await pair.driver.start(pair.ramAddress, 100);
    await untilFlowing();
    const { cause, tookMs } = await endAfterCut();
    expect(cause).toMatch(/memory has moved no byte, with \d+\.\d MiB left to send, for 3\.\d s; given up after 3\.0 s of silence/);
    expect(tookMs).toBeLessThan(10_000);
    await waitUntil(async () => ['cancelled', 'failed'].includes(await status() ?? ''), { intervalMs: 20, signal: within(20_000) });
    expect(await sourceRuns()).toBe(true);
    console.log(`given up ${Math.round(tookMs)} ms after the cut`);
  });
});

test('a stream that we hold is not silent; a target that is not heard of is', async () => {
  pair = await startPair({ fullMemory: true, silenceTimeoutSeconds, steered: { bandwidthBytesPerSecond: 65_536 } });
  await pair.driver.start(pair.ramAddress, 100);
  pair.channel.setArmed(false);
  pair.channel.silentSinceMs = performance.now();
  const { cause } = await endAfterCut();
  expect(cause).toMatch(/nothing was heard from pve2 for 3\.\d s/);
  expect(await sourceRuns()).toBe(true);
});

test('a guest write that waits for its mirror is answered within seconds of the cut', async () => {
  pair = await startPair({ disk: true, fullMemory: true, silenceTimeoutSeconds, steered: { bandwidthBytesPerSecond: 65_536 } });
  await pair.driver.start(pair.ramAddress, 100);
  const ended = endAfterCut();
  const begunAtMs = performance.now();
  // Written as a guest would; QEMU's main loop waits with it, so that only what goes past the main loop can help.
  await pair.source.client.execute('human-monitor-command', { 'command-line': 'qemu-io -d /machine/peripheral/scsi0/virtio-backend "write -q -P 7 0 65536"' });
  const heldMs = performance.now() - begunAtMs;
  const { cause } = await ended;
  console.log(`a guest write was held for ${Math.round(heldMs)} ms: ${cause}`);
  expect(heldMs).toBeGreaterThan(2000);
  expect(heldMs).toBeLessThan(10_000);
  expect(await sourceRuns()).toBe(true);
  const written = await pair.source.client.execute('human-monitor-command', { 'command-line': 'qemu-io -d /machine/peripheral/scsi0/virtio-backend "read -P 7 0 65536"' });
  expect(written).not.toMatch(/verification failed|error/i);
  await abandonMirrors(pair.source, pair.plan.disks, within(5000));
  expect(await pair.source.monitor.queryBlockJobs()).toEqual([]);
});

test('the wire is cut as the guest stops: it stands still until the target is missed, not longer', async () => {
  pair = await startPair({ disk: true });
  const instants: Record<string, number> = {};
  pair.source.client.onEvent(({ event }) => {
    instants[event] = performance.now();
    if (event !== 'STOP') return;
    pair.wire.cut();
    setTimeout(() => pair.channel.setArmed(false), 1000);
  });
  await pair.driver.start(pair.ramAddress, 100);
  await expect(pair.driver.result(within(30_000))).rejects.toThrow(/the target agent does not answer/);
  await waitUntil(sourceRuns, { intervalMs: 20, signal: within(3000) });
  const stoodStillMs = (instants['RESUME'] ?? Infinity) - (instants['STOP'] ?? 0);
  console.log(`the guest stood still for ${Math.round(stoodStillMs)} ms, the target was missed after 1000 ms`);
  expect(stoodStillMs).toBeLessThan(4000);
  expect(pair.channel.handovers).toBe(0);
});
