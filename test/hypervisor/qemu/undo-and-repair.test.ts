import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCommitToken } from '../../../cluster/commit-token.js';
import { createGuestConfigStore } from '../../../cluster/guest-config-store.js';
import { MigrationError } from '../../../domain/errors.js';
import type { LivePlan } from '../../../domain/contracts/plan.js';
import type { CommitToken, GuestConfigStore, Journal } from '../../../domain/contracts/ports.js';
import { createFileJournal } from '../../../hypervisor/journal/file-journal.js';
import { releaseReservation } from '../../../hypervisor/qemu/incoming/release-reservation.js';
import type { TargetDeps } from '../../../hypervisor/qemu/incoming/target-deps.js';
import { TargetSession } from '../../../hypervisor/qemu/incoming/target-session.js';
import { rollbackSource } from '../../../hypervisor/qemu/migration/source-rollback.js';
import type { SourceDeps } from '../../../hypervisor/qemu/migration/source-deps.js';
import { makePveRoot, type PveRoot } from '../../cluster/support/pve-root.js';

/** The guest's QEMU is gone here; token, configs and journal are real. */
const VMID = 101;
const REF = { vmid: VMID, epoch: 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee' };
const PLAN = { vmid: VMID, source: 'pve1', target: 'pve2', disks: [], keepPaused: false, transport: { type: 'secure' } } as unknown as LivePlan;

let dir: string;
let pve: PveRoot;
let token: CommitToken;
let configs: GuestConfigStore;
let journal: Journal;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'ferry-undo-'));
  pve = makePveRoot();
  token = createCommitToken(pve.path);
  configs = createGuestConfigStore(pve.path);
  journal = createFileJournal(join(dir, 'journal'));
  pve.write('nodes/pve1/qemu-server/101.conf', 'memory: 128\n');
});
afterEach(() => {
  pve.remove();
  rmSync(dir, { recursive: true, force: true });
});

const deps = (node: string): SourceDeps & TargetDeps => ({
  node, journal, token, configs,
  qemuAlive: () => Promise.resolve(false), stopQemu: () => Promise.resolve(), endQemu: () => Promise.resolve({ tapsGone: null }), clearRunDir: () => Promise.resolve(), freeVolume: () => Promise.resolve(),
  connectDriveQmp: () => Promise.reject(new MigrationError('QmpError', 'connect failed: the socket is gone')),
}) as unknown as SourceDeps & TargetDeps;

describe('a token that a late attempt of the target made after it was decided to go back', () => {
  it.each([
    ['the release on the target', 'target', () => releaseReservation(deps('pve2'), REF)],
    ['the roll-back of the source', 'source', () => rollbackSource(deps('pve1'), REF, PLAN, AbortSignal.timeout(5000))],
  ] as const)('is decided by %s, which ends', async (_title, role, undo) => {
    await journal.open(VMID, REF.epoch, role);
    await token.create(VMID, REF.epoch);
    await undo();
    expect(await token.read(VMID, REF.epoch)).toBe('aborted');
    expect((await journal.read(VMID, REF.epoch))?.closed).toBe(true);
  });

  it.each([
    ['the release on the target', 'target', () => releaseReservation(deps('pve2'), REF)],
    ['the roll-back of the source', 'source', () => rollbackSource(deps('pve1'), REF, PLAN, AbortSignal.timeout(5000))],
  ] as const)('is obeyed by %s when it says committed', async (_title, role, undo) => {
    await journal.open(VMID, REF.epoch, role);
    await token.create(VMID, REF.epoch);
    await token.decide(VMID, REF.epoch, 'committed');
    await expect(undo()).rejects.toThrow(/commit token says committed/);
    expect((await journal.read(VMID, REF.epoch))?.closed).toBe(false);
  });
});

describe('the repair of a commit', () => {
  it('moves the config although the target\'s QEMU has died: the guest is started where its config is', async () => {
    await journal.open(VMID, REF.epoch, 'target');
    await token.create(VMID, REF.epoch);
    await token.decide(VMID, REF.epoch, 'committed');
    await expect(new TargetSession(deps('pve2'), REF, PLAN).finishCommit()).rejects.toThrow(/the socket is gone/);
    expect(await configs.find(VMID)).toEqual({ kind: 'qemu', node: 'pve2' });
  });
});
