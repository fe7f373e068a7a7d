import { once } from 'node:events';
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { LivePlan } from '../../../domain/contracts/plan.js';
import { toLedgerEntry } from '../../../hypervisor/journal/ledger.js';
import { createFileJournal } from '../../../hypervisor/journal/file-journal.js';
import { startChild } from '../child.js';

const VMID = 101;
let dir: string;
beforeEach(() => { dir = mkdtempSync(join(tmpdir(), 'ferry-journal-')); });
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const epochs = (count: number): string[] => Array.from({ length: count }, (_, i) => `epoch-${i + 1}`);
const fileOf = (epoch: string): string => {
  const name = readdirSync(join(dir, String(VMID))).find((file) => file.endsWith(`-${epoch}.jsonl`));
  if (name === undefined) throw new Error(`no file for ${epoch}`);
  return join(dir, String(VMID), name);
};

describe('an epoch', () => {
  test('keeps its records in the order of the calls, over a restart', async () => {
    const before = createFileJournal(dir);
    await before.open(VMID, 'epoch-1', 'source');
    await Promise.all(epochs(50).map((_, i) => before.append(VMID, 'epoch-1', 'step', { i })));
    const after = createFileJournal(dir);
    await after.append(VMID, 'epoch-1', 'handed-over');
    const entry = await after.requireCurrent(VMID, 'epoch-1');
    expect(entry).toMatchObject({ vmid: VMID, epoch: 'epoch-1', role: 'source', closed: false });
    expect(entry.records.map(({ state }) => state)).toEqual(['opened', ...epochs(50).map(() => 'step'), 'handed-over']);
    expect(entry.records.slice(1, 51).map(({ data }) => data['i'])).toEqual(epochs(50).map((_, i) => i));
  });

  test('says from its first record on what was planned, and which workflow it is of', async () => {
    const plan = { source: 'pve1', target: 'pve2' } as LivePlan;
    await createFileJournal(dir).open(VMID, 'epoch-1', 'source', { plan, workflowId: 'migrate-guest-101' });
    const entry = await createFileJournal(dir).requireCurrent(VMID, 'epoch-1');
    expect(toLedgerEntry(entry)).toEqual({ vmid: VMID, epoch: 'epoch-1', role: 'source', closed: false, lastState: 'opened', plan, workflowId: 'migrate-guest-101' });
  });

  test('can be opened again while it is open, also twice at once', async () => {
    const journal = createFileJournal(dir);
    await Promise.all([journal.open(VMID, 'epoch-1', 'target'), journal.open(VMID, 'epoch-1', 'target')]);
    await journal.append(VMID, 'epoch-1', 'armed');
    const again = await journal.open(VMID, 'epoch-1', 'target');
    expect(again.records.map(({ state }) => state)).toEqual(['opened', 'armed']);
    expect(readdirSync(join(dir, String(VMID)))).toEqual(['1-epoch-1.jsonl']);
  });

  test('is stale once it is closed, and stays readable', async () => {
    const journal = createFileJournal(dir);
    await journal.open(VMID, 'epoch-1', 'source');
    await journal.close(VMID, 'epoch-1', 'rolled-back');
    await journal.close(VMID, 'epoch-1', 'rolled-back');
    for (const use of [() => journal.open(VMID, 'epoch-1', 'source'), () => journal.requireCurrent(VMID, 'epoch-1'), () => journal.append(VMID, 'epoch-1', 'late')]) {
      await expect(use()).rejects.toMatchObject({ code: 'StaleEpoch' });
    }
    const entry = await journal.read(VMID, 'epoch-1');
    expect(entry).toMatchObject({ closed: true });
    expect(entry?.records.at(-1)).toMatchObject({ state: 'closed', data: { outcome: 'rolled-back' } });
  });

  test('stays closed, whatever was appended while it was being closed', async () => {
    const journal = createFileJournal(dir);
    await journal.open(VMID, 'epoch-1', 'source');
    const closing = journal.close(VMID, 'epoch-1', 'rolled-back');
    const late: Promise<void>[] = [];
    for (let over = false; !over;) {
      late.push(journal.append(VMID, 'epoch-1', 'late'));
      over = await Promise.race([closing.then(() => true), new Promise<boolean>((resolve) => { setImmediate(resolve, false); })]);
    }
    await Promise.allSettled(late);
    expect((await journal.read(VMID, 'epoch-1'))?.records.at(-1)?.state).toBe('closed');
    await expect(journal.requireCurrent(VMID, 'epoch-1')).rejects.toMatchObject({ code: 'StaleEpoch' });
  });

  test('stays closed for a reader when a record lies behind its end', async () => {
    const journal = createFileJournal(dir);
    await journal.open(VMID, 'epoch-1', 'source');
    await journal.close(VMID, 'epoch-1', 'rolled-back');
    appendFileSync(fileOf('epoch-1'), '{"at":"2026-01-01T00:00:00.000Z","state":"late","data":{}}\n');
    const after = createFileJournal(dir);
    await expect(after.openEntries()).resolves.toEqual([]);
    await expect(after.append(VMID, 'epoch-1', 'later')).rejects.toMatchObject({ code: 'StaleEpoch' });
  });

  test('is stale when a newer one was opened, but its undo can still be written', async () => {
    const journal = createFileJournal(dir);
    await journal.open(VMID, 'epoch-1', 'source');
    await journal.open(VMID, 'epoch-2', 'target');
    await expect(journal.open(VMID, 'epoch-1', 'source')).rejects.toMatchObject({ code: 'StaleEpoch', message: expect.stringContaining('epoch-2') as string });
    await expect(journal.requireCurrent(VMID, 'epoch-1')).rejects.toMatchObject({ code: 'StaleEpoch' });
    await journal.append(VMID, 'epoch-1', 'cancelled');
    await journal.close(VMID, 'epoch-1', 'rolled-back');
    await expect(journal.requireCurrent(VMID, 'epoch-2')).resolves.toMatchObject({ role: 'target' });
  });

  test('that was never opened is null to a reader and stale to a writer', async () => {
    const journal = createFileJournal(dir);
    await expect(journal.read(VMID, 'epoch-1')).resolves.toBeNull();
    await expect(journal.append(VMID, 'epoch-1', 'x')).rejects.toMatchObject({ code: 'StaleEpoch' });
    await expect(journal.requireCurrent(VMID, 'epoch-1')).rejects.toMatchObject({ code: 'StaleEpoch' });
  });

  test.each(['../x', 'a/b', ''])('cannot be called %j', async (epoch) => {
    await expect(createFileJournal(dir).open(VMID, epoch, 'source')).rejects.toMatchObject({ code: 'InvalidInput' });
  });
});

test('open entries come oldest first, over all guests', async () => {
  const journal = createFileJournal(dir);
  await journal.open(300, 'epoch-1', 'source');
  await journal.open(100, 'epoch-2', 'target');
  await journal.open(200, 'epoch-3', 'source');
  await journal.open(300, 'epoch-4', 'source');
  await journal.close(200, 'epoch-3', 'cleaned');
  const entries = await createFileJournal(dir).openEntries();
  expect(entries.map(({ vmid, epoch }) => [vmid, epoch])).toEqual([[300, 'epoch-1'], [100, 'epoch-2'], [300, 'epoch-4']]);
});

test('the newest 5 closed entries of a guest are kept; older epochs stay refused', async () => {
  const journal = createFileJournal(dir);
  for (const epoch of epochs(8)) {
    await journal.open(VMID, epoch, 'source');
    await journal.close(VMID, epoch, 'cleaned');
  }
  expect(readdirSync(join(dir, String(VMID))).filter((file) => file.endsWith('.jsonl'))).toHaveLength(5);
  await expect(journal.read(VMID, 'epoch-4')).resolves.toMatchObject({ closed: true });
  await expect(journal.read(VMID, 'epoch-3')).resolves.toBeNull();
  await expect(createFileJournal(dir).open(VMID, 'epoch-1', 'source')).rejects.toMatchObject({ code: 'StaleEpoch' });
  await expect(journal.open(VMID, 'epoch-9', 'source')).resolves.toMatchObject({ closed: false });
});

describe('after a crash', () => {
  const written = async (): Promise<string> => {
    const journal = createFileJournal(dir);
    await journal.open(VMID, 'epoch-1', 'source');
    await journal.append(VMID, 'epoch-1', 'prepared', { plan: 'ä' });
    await journal.append(VMID, 'epoch-1', 'migrating');
    return fileOf('epoch-1');
  };

  test.each<[string, (file: string) => void, string[]]>([
    ['a last line cut at any byte', (file) => truncateSync(file, statSync(file).size - 7), ['opened', 'prepared']],
    ['a last line without its newline', (file) => truncateSync(file, statSync(file).size - 1), ['opened', 'prepared']],
    ['half a new line', (file) => appendFileSync(file, '{"at":"2026'), ['opened', 'prepared', 'migrating']],
    ['zeroes of an unwritten block', (file) => appendFileSync(file, Buffer.alloc(100)), ['opened', 'prepared', 'migrating']],
    ['a garbled whole line at the end', (file) => appendFileSync(file, '\0\0"state"\n'), ['opened', 'prepared', 'migrating']],
  ])('%s is ignored, and cut before the next append', async (_title, damage, states) => {
    damage(await written());
    const journal = createFileJournal(dir);
    expect((await journal.requireCurrent(VMID, 'epoch-1')).records.map(({ state }) => state)).toEqual(states);
    await journal.append(VMID, 'epoch-1', 'cancelled');
    expect((await createFileJournal(dir).requireCurrent(VMID, 'epoch-1')).records.map(({ state }) => state)).toEqual([...states, 'cancelled']);
  });

  test('damage before the last line is an error that names file and line', async () => {
    const file = await written();
    const lines = readFileSync(file, 'utf8').split('\n');
    writeFileSync(file, [lines[0], '{"broken', lines[2], ''].join('\n'));
    await expect(createFileJournal(dir).requireCurrent(VMID, 'epoch-1')).rejects.toMatchObject({ code: 'Internal', facts: { file, line: 2 } });
  });

  test('a damaged entry hides no other one: it is told of and left out', async () => {
    const file = await written();
    const lines = readFileSync(file, 'utf8').split('\n');
    writeFileSync(file, [lines[0], '{"broken', lines[2], ''].join('\n'));
    const warnings: string[] = [];
    const journal = createFileJournal(dir, (line) => { warnings.push(line); });
    await journal.open(VMID, 'epoch-2', 'source');
    await journal.open(200, 'epoch-3', 'target');
    expect((await journal.openEntries()).map(({ epoch }) => epoch)).toEqual(['epoch-2', 'epoch-3']);
    expect(warnings).toEqual([expect.stringContaining(`${file}: line 2 is damaged`)]);
    expect(await journal.damagedEntries()).toEqual([{ vmid: VMID, epoch: 'epoch-1', problem: expect.stringContaining('line 2 is damaged') as string }]);
    await expect(journal.close(VMID, 'epoch-2', 'cleaned')).resolves.toBeUndefined();
  });

  test('an entry whose creation was cut off does not exist', async () => {
    await written();
    writeFileSync(join(dir, String(VMID), '2-epoch-2.jsonl.new'), '{"at":');
    const journal = createFileJournal(dir);
    await expect(journal.requireCurrent(VMID, 'epoch-1')).resolves.toMatchObject({ closed: false });
    await expect(journal.open(VMID, 'epoch-2', 'source')).resolves.toMatchObject({ epoch: 'epoch-2' });
  });

  test('kill -9 amid appends loses no acknowledged record', async () => {
    const child = startChild(`
      import { createFileJournal } from './hypervisor/journal/file-journal.ts';
      const journal = createFileJournal(process.argv[2]);
      await_();
      async function await_() {
        await journal.open(${VMID}, 'epoch-1', 'source');
        for (let i = 0; ; i++) { await journal.append(${VMID}, 'epoch-1', 'step', { i, filler: 'x'.repeat(i % 3000) }); console.log(i); }
      }`, [dir]);
    let acknowledged = -1;
    for await (const line of createInterface({ input: child.stdout as Readable })) {
      acknowledged = Math.max(acknowledged, Number(line));
      if (acknowledged === 60) child.kill('SIGKILL');
    }
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    const journal = createFileJournal(dir);
    const steps = (await journal.requireCurrent(VMID, 'epoch-1')).records.slice(1).map(({ data }) => data['i'] as number);
    expect(acknowledged).toBeGreaterThanOrEqual(60);
    expect(steps.length).toBeGreaterThan(acknowledged);
    expect(steps).toEqual(steps.map((_, i) => i));
    await journal.append(VMID, 'epoch-1', 'recovered');
    expect((await journal.requireCurrent(VMID, 'epoch-1')).records.at(-1)).toMatchObject({ state: 'recovered' });
  });
});

test('an append costs about one write and one sync (figure printed)', async () => {
  const journal = createFileJournal(dir);
  await journal.open(VMID, 'epoch-1', 'source');
  const times: number[] = [];
  for (let i = 0; i < 200; i += 1) {
    const begun = performance.now();
    await journal.append(VMID, 'epoch-1', 'handed-over', { i });
    times.push(performance.now() - begun);
  }
  times.sort((a, b) => a - b);
  console.log(`journal append: median ${times[100]?.toFixed(2)} ms, p95 ${times[190]?.toFixed(2)} ms, worst ${times[199]?.toFixed(2)} ms`);
  expect(times[100]).toBeLessThan(100);
});
