import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createGuestConfigStore } from '../../cluster/guest-config-store.js';
import { createGuestLock } from '../../cluster/guest-lock.js';
import type { LockOwner } from '../../domain/contracts/facts.js';
import type { GuestConfigStore, GuestLock } from '../../domain/contracts/ports.js';
import { MigrationError } from '../../domain/errors.js';
import { makePveRoot, type PveRoot } from './support/pve-root.js';

const TEXT = '# a guest\nmemory: 512\nname: web\n\n[before]\nlock: snapshot\nmemory: 256\n';
const LOCKED = '# a guest\nmemory: 512\nname: web\nlock: migrate\n\n[before]\nlock: snapshot\nmemory: 256\n';
const ann: LockOwner = { epoch: 'epoch-a', workflowId: 'migrate-guest-101', requestedBy: 'ann', since: '2026-01-02T03:04:05.000Z', reason: 'rack move' };
const bob: LockOwner = { epoch: 'epoch-b', workflowId: 'started-in-the-ui', requestedBy: 'bob', since: '2026-01-02T03:05:00.000Z' };

let root: PveRoot;
let configs: GuestConfigStore;
let lock: GuestLock;
beforeEach(() => {
  root = makePveRoot();
  configs = createGuestConfigStore(root.path);
  lock = createGuestLock(root.path, configs);
  root.write(CONF('pve1'), TEXT);
});
afterEach(() => root.remove());
const CONF = (node: string): string => `nodes/${node}/qemu-server/101.conf`;
const text = (node = 'pve1'): string => readFileSync(join(root.path, CONF(node)), 'utf8');

describe("a guest's lock", () => {
  it('is an owner record and PVE\'s own key; release restores every byte', async () => {
    await lock.take(101, 'pve1', ann);
    expect(text()).toBe(LOCKED);
    expect(await lock.owner(101)).toEqual(ann);
    await lock.release(101, ann.epoch);
    expect(text()).toBe(TEXT);
    expect(await lock.owner(101)).toBeNull();
    expect(root.ferryFiles(101)).toEqual([]);
  });

  it('is refused to a second migration, naming the first, which is not disturbed', async () => {
    await lock.take(101, 'pve1', ann);
    await expect(lock.take(101, 'pve1', bob)).rejects.toMatchObject({
      code: 'GuestLocked',
      message: 'lock guest failed: VM 101: VM is locked (migrate) by migrate-guest-101, requested by ann at 2026-01-02T03:04:05.000Z; wait for migrate-guest-101 to end, or end it: ferry cancel 101',
    });
    await lock.release(101, bob.epoch);
    expect(text()).toBe(LOCKED);
    expect(root.ferryFiles(101)).toEqual(['epoch-a.claim', 'lock.json']);
  });

  it('may be taken again by its owner, which repairs a half-taken one', async () => {
    await lock.take(101, 'pve1', ann);
    await configs.write(101, 'qemu', 'pve1', TEXT);
    await lock.take(101, 'pve1', { ...ann, since: 'later' });
    expect(text()).toBe(LOCKED);
    expect(await lock.owner(101)).toEqual(ann);
  });

  it('keeps its record until the last thing is done, with the config unmarked already; a failure of that keeps it for the next attempt', async () => {
    await lock.take(101, 'pve1', ann);
    const doing = new AbortController();
    const released = lock.release(101, ann.epoch, new Promise((_, reject) => {
      doing.signal.addEventListener('abort', () => reject(new Error('the token is still there')));
    }));
    while (text() !== TEXT) await new Promise(setImmediate);
    expect(await lock.owner(101)).toEqual(ann);
    doing.abort();
    await expect(released).rejects.toThrow('the token is still there');
    expect(await lock.owner(101)).toEqual(ann);
    await lock.release(101, ann.epoch, Promise.resolve());
    expect(root.ferryFiles(101)).toEqual([]);
  });

  it('is released wherever the config is now', async () => {
    await lock.take(101, 'pve1', ann);
    await configs.move(101, 'qemu', 'pve1', 'pve2');
    await lock.release(101, ann.epoch);
    expect(text('pve2')).toBe(TEXT);
    expect(root.ferryFiles(101)).toEqual([]);
  });

  it('is released also when the guest is gone', async () => {
    await lock.take(101, 'pve1', ann);
    renameSync(join(root.path, CONF('pve1')), join(root.path, 'gone'));
    await lock.release(101, ann.epoch);
    expect(root.ferryFiles(101)).toEqual([]);
  });

  it.each(['backup', 'migrate', 'snapshot'])('of somebody else (%s) is neither taken over nor removed', async (kind) => {
    const foreign = `lock: ${kind}\nmemory: 512\n`;
    root.write(CONF('pve1'), foreign);
    await expect(lock.take(101, 'pve1', ann)).rejects.toMatchObject({
      code: 'GuestLocked',
      message: `lock guest failed: VM 101: VM is locked (${kind}); wait for the ${kind} to end; when it is certain that it has ended: qm unlock 101`,
    });
    await lock.release(101, ann.epoch);
    expect(text()).toBe(foreign);
    expect(root.ferryFiles(101)).toEqual([]);
  });

  it('does not remove a lock that PVE put in the place of ours', async () => {
    await lock.take(101, 'pve1', ann);
    await configs.write(101, 'qemu', 'pve1', 'lock: backup\n');
    await expect(lock.take(101, 'pve1', ann)).rejects.toMatchObject({ code: 'GuestLocked' });
    await lock.release(101, ann.epoch);
    expect(text()).toBe('lock: backup\n');
    expect(root.ferryFiles(101)).toEqual([]);
  });

  it('steps back when PVE locks the guest between record and key', async () => {
    let reads = 0;
    const slow: GuestConfigStore = { ...configs, read: async (vmid, kind, node) => ((reads += 1) === 2 ? 'lock: backup\n' : configs.read(vmid, kind, node)) };
    await expect(createGuestLock(root.path, slow).take(101, 'pve1', ann)).rejects.toMatchObject({ code: 'GuestLocked' });
    expect(root.ferryFiles(101)).toEqual([]);
  });

  it('keeps the record when the config could not be written, so that the next attempt goes on', async () => {
    const broken: GuestConfigStore = { ...configs, write: async () => Promise.reject(new MigrationError('ClusterReadOnly', 'no')) };
    await expect(createGuestLock(root.path, broken).take(101, 'pve1', ann)).rejects.toMatchObject({ code: 'ClusterReadOnly' });
    await expect(lock.take(101, 'pve1', bob)).rejects.toMatchObject({ code: 'GuestLocked' });
    await lock.take(101, 'pve1', ann);
    expect(text()).toBe(LOCKED);
  });

  it('whose taker died with only a claim made names him, and he can release it', async () => {
    mkdirSync(join(root.path, 'priv/ferry/101'), { recursive: true });
    root.write('priv/ferry/101/epoch-a.claim', JSON.stringify(ann));
    await expect(lock.take(101, 'pve1', bob)).rejects.toMatchObject({ code: 'GuestLocked', message: expect.stringContaining('ann') as unknown });
    expect(root.ferryFiles(101)).toEqual(['epoch-a.claim']);
    await lock.release(101, ann.epoch);
    await lock.take(101, 'pve1', bob);
    expect(await lock.owner(101)).toEqual(bob);
  });

  it('whose record cannot be read is still a lock', async () => {
    mkdirSync(join(root.path, 'priv/ferry/101'), { recursive: true });
    writeFileSync(join(root.path, 'priv/ferry/101/lock.json'), 'x');
    await expect(lock.take(101, 'pve1', ann)).rejects.toMatchObject({ code: 'GuestLocked' });
  });

  it('of a guest that is not there cannot be taken', async () => {
    await expect(lock.take(102, 'pve1', ann)).rejects.toMatchObject({ code: 'GuestNotFound' });
    expect(root.ferryFiles(102)).toEqual([]);
  });
});
