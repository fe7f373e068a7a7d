import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Decision } from '../../../domain/contracts/activities.js';
import type { LivePlan } from '../../../domain/contracts/plan.js';
import { createFileJournal } from '../../../hypervisor/journal/file-journal.js';
import { cleanupSource } from '../../../hypervisor/qemu/migration/source-cleanup.js';
import type { SourceDeps } from '../../../hypervisor/qemu/migration/source-deps.js';
import { rollbackSource } from '../../../hypervisor/qemu/migration/source-rollback.js';

const ref = { vmid: 101, epoch: 'epoch-1' };
const plan = { vmid: 101, source: 'pve1', target: 'pve2', keepPaused: false, disks: [{ drive: 'scsi0', sourceVolid: 'local:101/a.raw' }], transport: { type: 'secure' } } as unknown as LivePlan;

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'after-absence-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

interface Seen {
  readonly decision: Decision;
  readonly configOn: string;
  /** null: there is no QEMU. */
  readonly qemu: string | null;
}

/** A source that comes back after an absence; what is done to its guest, in order. */
async function comeBack({ decision, configOn, qemu }: Seen): Promise<{ deps: SourceDeps; done: string[] }> {
  const done: string[] = [];
  const journal = createFileJournal(dir);
  await journal.open(ref.vmid, ref.epoch, 'source');
  const note = (what: string) => () => Promise.resolve(void done.push(what));
  // As much of QMP as the look at a guest takes.
  const client = { execute: (command: string) => Promise.resolve(command === 'query-status' ? { status: qemu, running: qemu === 'running' } : { status: 'completed' }), close: () => undefined };
  const deps = {
    node: 'pve1', journal,
    token: { read: () => Promise.resolve(decision), decide: () => Promise.resolve(decision) },
    configs: { find: () => Promise.resolve({ kind: 'qemu', node: configOn }) },
    qemuAlive: () => Promise.resolve(qemu !== null),
    connectQmp: () => Promise.resolve(client),
    connectDriveQmp: () => { done.push('drive'); return Promise.reject(new Error('driven')); },
    endQemu: () => { done.push('stop'); return Promise.resolve({ tapsGone: sleep(20).then(() => void done.push('taps')) }); },
    freeVolume: note('free'),
    clearRunDir: note('clear'),
  } as unknown as SourceDeps;
  return { deps, done };
}

describe('a source that comes back to a committed migration', () => {
  it.each<[string, Seen, boolean, readonly string[] | null]>([
    ['ends its old copy and frees its disks', { decision: 'committed', configOn: 'pve2', qemu: 'postmigrate' }, false, ['stop', 'free', 'clear', 'taps']],
    ['does so too when the guest has moved on from the target', { decision: 'committed', configOn: 'pve3', qemu: 'postmigrate' }, false, ['stop', 'free', 'clear', 'taps']],
    ['touches nothing when the guest is its own again', { decision: 'committed', configOn: 'pve1', qemu: 'running' }, false, null],
    ['keeps its disks when the target was lost', { decision: 'committed', configOn: 'pve2', qemu: 'postmigrate' }, true, ['stop', 'clear', 'taps']],
    ['ends only the old copy when the config never left', { decision: 'committed', configOn: 'pve1', qemu: 'postmigrate' }, true, ['stop', 'clear', 'taps']],
    ['leaves a guest alone that was started anew from it', { decision: 'committed', configOn: 'pve1', qemu: 'running' }, true, ['clear']],
    ['touches nothing without a decision', { decision: 'undecided', configOn: 'pve2', qemu: 'postmigrate' }, true, null],
    ['touches nothing when the token was forgotten', { decision: 'none', configOn: 'pve2', qemu: 'postmigrate' }, false, null],
  ])('%s', async (_title, seen, keepDisks, expected) => {
    const { deps, done } = await comeBack(seen);
    const cleaning = cleanupSource(deps, ref, plan, { keepDisks });
    if (expected === null) await expect(cleaning).rejects.toMatchObject({ code: 'OwnershipUnknown' });
    else await cleaning;
    expect(done).toEqual(expected ?? []);
  });
});

describe('a source that comes back to an aborted migration', () => {
  it.each<[string, Seen]>([
    ['the guest was brought up elsewhere', { decision: 'aborted', configOn: 'pve3', qemu: 'postmigrate' }],
    ['its copy was switched and there is no token any more', { decision: 'none', configOn: 'pve1', qemu: 'postmigrate' }],
    ['it is committed', { decision: 'committed', configOn: 'pve1', qemu: 'postmigrate' }],
  ])('never resumes its copy when %s', async (_title, seen) => {
    const { deps, done } = await comeBack(seen);
    await expect(rollbackSource(deps, ref, plan, AbortSignal.timeout(5000))).rejects.toMatchObject({ code: 'OwnershipUnknown' });
    expect(done).toEqual([]);
  });

  it('has nothing to resume when it was rebooted, wherever the guest is', async () => {
    const { deps, done } = await comeBack({ decision: 'aborted', configOn: 'pve3', qemu: null });
    await rollbackSource(deps, ref, plan, AbortSignal.timeout(5000));
    expect(done).toEqual(['clear']);
  });
});
