import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createCommitToken } from '../../cluster/commit-token.js';
import { createGuestClaims } from '../../cluster/guest-claims.js';
import { createGuestConfigStore } from '../../cluster/guest-config-store.js';
import { createGuestLock } from '../../cluster/guest-lock.js';
import { makePveRoot, type PveRoot } from './support/pve-root.js';

let root: PveRoot;
beforeEach(() => { root = makePveRoot(); });
afterEach(() => root.remove());

const parts = () => {
  const configs = createGuestConfigStore(root.path);
  const lock = createGuestLock(root.path, configs);
  return { lock, claims: createGuestClaims(root.path, configs, lock) };
};
const conf = (vmid: number, text: string, node = 'pve1'): void => root.write(`nodes/${node}/qemu-server/${vmid}.conf`, text);
const owner = { epoch: 'epoch-1', workflowId: 'migrate-guest-101', requestedBy: 'root', since: '2030-01-01T00:00:00.000Z', nodes: ['pve1', 'pve2'] };

test('a guest under migration: who locked it, for which nodes, and its token', async () => {
  conf(101, 'memory: 512\n');
  const { lock, claims } = parts();
  await lock.take(101, 'pve1', owner);
  await createCommitToken(root.path).create(101, 'epoch-1');
  expect(await claims.vmids('pve1')).toEqual([101]);
  expect(await claims.read(101, 'pve1')).toEqual({ vmid: 101, configNode: 'pve1', configLock: 'migrate', owner, ownerProblem: null, epochs: ['epoch-1'] });
});

test.each<[string, string, number[], object]>([
  ['a lock that PVE took is seen, without an owner', 'lock: migrate\n', [101], { configLock: 'migrate', owner: null }],
  ['of a snapshot section is none', 'memory: 512\n[before]\nlock: migrate\n', [], { configLock: null, owner: null }],
  ['another lock is none of a migration', 'lock: backup\n', [], { configLock: 'backup', owner: null }],
])('%s', async (_title, text, vmids, seen) => {
  conf(101, text);
  const { claims } = parts();
  expect(await claims.vmids('pve1')).toEqual(vmids);
  expect(await claims.read(101, 'pve1')).toMatchObject(seen);
  expect(await claims.vmids('pve2')).toEqual([]);
});

test('a lock record that can\'t be read is a problem, not an absence', async () => {
  conf(101, 'lock: migrate\n');
  mkdirSync(join(root.path, 'priv/ferry/101'), { recursive: true });
  root.write('priv/ferry/101/lock.json', '{');
  expect(await parts().claims.read(101, 'pve1')).toMatchObject({ owner: null, ownerProblem: expect.stringContaining('does not say who owns it') as string });
});

test('a guest with two configs, or none, is on no node', async () => {
  conf(101, '');
  conf(101, '', 'pve2');
  const { claims } = parts();
  expect(await claims.read(101, 'pve1')).toMatchObject({ configNode: null, ownerProblem: expect.stringContaining('has 2 configs') as string });
  expect(await claims.read(102, 'pve1')).toMatchObject({ configNode: null, ownerProblem: null });
});

test('a config that was half written is found beside it', async () => {
  conf(101, '');
  root.write('nodes/pve1/qemu-server/101.conf.0b0e.tmp', '');
  expect(await parts().claims.temporaryFiles('pve1')).toMatchObject([{ kind: 'temporary file', vmid: 101, name: 'nodes/pve1/qemu-server/101.conf.0b0e.tmp' }]);
});

test('a container is looked at like a VM: its lock, and a config that was half written', async () => {
  root.write('nodes/pve1/lxc/201.conf', 'hostname: web\nlock: migrate\n');
  root.write('nodes/pve1/lxc/202.conf.0b0e.tmp', '');
  const { claims } = parts();
  expect(await claims.vmids('pve1')).toEqual([201]);
  expect(await claims.read(201, 'pve1')).toMatchObject({ configNode: 'pve1', configLock: 'migrate', owner: null });
  expect(await claims.temporaryFiles('pve1')).toMatchObject([{ vmid: 202, name: 'nodes/pve1/lxc/202.conf.0b0e.tmp' }]);
});
