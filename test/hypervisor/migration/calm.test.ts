import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFileJournal } from '../../../hypervisor/journal/file-journal.js';
import { calmUndriven } from '../../../hypervisor/qemu/migration/calm.js';
import { sourceSettings } from '../../../hypervisor/qemu/migration/settings.js';
import type { SourceDeps } from '../../../hypervisor/qemu/migration/source-deps.js';
import { SourceSessions } from '../../../hypervisor/qemu/migration/source-sessions.js';
import { waitUntil } from '../../../hypervisor/wait.js';
import { startPair, type Pair } from './two-qemus.js';

describe('a QEMU whose driver is gone', () => {
  let pair: Pair;
  beforeEach(async () => { pair = await startPair(); });
  afterEach(() => pair.close());

  /** As a driver that died has left it. */
  async function streamUntil(status: string, bytesPerSecond: number | null): Promise<void> {
    const { monitor } = pair.source;
    const { capabilities, parameters } = sourceSettings(pair.plan, 100, bytesPerSecond);
    await monitor.migrateSetCapabilities(capabilities);
    await monitor.migrateSetParameters(parameters);
    await monitor.migrate(pair.ramAddress);
    await waitUntil(async () => (await monitor.queryMigrate()).status === status, { intervalMs: 10, signal: AbortSignal.timeout(30_000) });
  }

  test('stands still before its switch: the guest runs on', async () => {
    await streamUntil('pre-switchover', null);
    expect((await pair.source.monitor.queryStatus()).running).toBe(false);
    expect(await calmUndriven(pair.source.client)).toBe('stood still without a driver, runs on');
    await waitUntil(async () => (await pair.source.monitor.queryStatus()).running, { intervalMs: 10, signal: AbortSignal.timeout(10_000) });
    expect((await pair.target.monitor.queryStatus()).running).toBe(false);
  });

  test('still copies: the stream is held, the guest runs', async () => {
    await streamUntil('active', 1024 * 1024);
    expect(await calmUndriven(pair.source.client)).toBe('its migration is held until somebody drives it');
    expect((await pair.source.monitor.queryStatus()).running).toBe(true);
    expect(await pair.source.client.execute('query-migrate-parameters')).toMatchObject({ 'max-bandwidth': 4096 });
  });

  test('has nothing under way: it is left alone', async () => {
    expect(await calmUndriven(pair.source.client)).toBeNull();
    expect((await pair.source.monitor.queryStatus()).running).toBe(true);
  });
});

test('recovery looks at the QEMU of a damaged entry, says what is damaged, and leaves a guest to its driver when there is one', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'ferry-calm-'));
  const journal = createFileJournal(dir, () => undefined);
  for (const vmid of [101, 102]) {
    mkdirSync(join(dir, String(vmid)), { recursive: true });
    writeFileSync(join(dir, String(vmid), '1-epoch-1.jsonl'), '{"broken\n{"at":"2026-01-01T00:00:00.000Z","state":"migrating","data":{}}\n');
  }
  await journal.open(102, 'epoch-2', 'source');
  const asked: number[] = [];
  const qemuAlive = (vmid: number): Promise<boolean> => {
    asked.push(vmid);
    return Promise.resolve(false);
  };
  const said = await new SourceSessions({ node: 'pve1', journal, qemuAlive } as unknown as SourceDeps).recover();
  rmSync(dir, { recursive: true, force: true });
  expect(said).toEqual(['VM 102: nothing was under way (opened)', expect.stringMatching(/^VM 101: read journal failed: .*line 1 is damaged/)]);
  expect(asked).toEqual([101]);
});
