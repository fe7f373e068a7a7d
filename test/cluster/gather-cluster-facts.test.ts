import { mkdirSync, rmSync } from 'node:fs';
import { createCordonStore } from '../../cluster/cordons.js';
import { join } from 'node:path';
import { createClusterFiles } from '../../cluster/cluster-files.js';
import { gatherClusterFacts, type ClusterFactsDeps } from '../../cluster/gather-cluster-facts.js';
import { createGuestConfigStore } from '../../cluster/guest-config-store.js';
import { createGuestLock } from '../../cluster/guest-lock.js';
import { makePveRoot, type PveRoot } from './support/pve-root.js';

const MEMBERS = JSON.stringify({
  nodename: 'pve1', version: 4, cluster: { name: 'lab', version: 3, nodes: 3, quorate: 1 },
  nodelist: { pve2: { id: 2, online: 0 }, pve1: { id: 1, online: 1, ip: '10.0.0.1' } },
});

let root: PveRoot;
let deps: ClusterFactsDeps;
beforeEach(() => {
  root = makePveRoot();
  const configs = createGuestConfigStore(root.path);
  deps = { files: createClusterFiles(root.path), configs, lock: createGuestLock(root.path, configs), cordons: createCordonStore(root.path) };
});
afterEach(() => root.remove());

describe('what the cluster file system says', () => {
  it('is gathered in one piece', async () => {
    root.write('.members', MEMBERS);
    root.write('datacenter.cfg', 'migration: insecure,network=10.10.10.150/24\n');
    root.write('storage.cfg', 'nfs: backup\n\tserver a\n\texport /b\n');
    root.write('nodes/pve2/qemu-server/101.conf', 'name: web\nscsi0: local:101/vm-101-disk-0.raw,size=1G\n');
    const facts = await gatherClusterFacts(deps, 101, '1.2.3');
    expect(facts).toMatchObject({
      quorate: true, engineVersion: '1.2.3', lockOwner: null, configProblems: [],
      members: [{ name: 'pve1', id: 1, online: true, ip: '10.0.0.1' }, { name: 'pve2', id: 2, online: false, ip: '' }],
      datacenter: { migration: { type: 'insecure', network: '10.10.10.0/24' } },
      guest: { kind: 'qemu', node: 'pve2', config: { name: 'web', drives: [{ name: 'scsi0' }] } },
    });
    expect(facts.storages.map(({ id }) => id)).toEqual(['local', 'backup']);
  });

  it('has the guest where it is, although it is moved between the look for it and the reading', async () => {
    root.write('.members', MEMBERS);
    root.write('storage.cfg', '');
    root.write('nodes/pve2/qemu-server/101.conf', 'name: web\n');
    let looks = 0;
    const find: typeof deps.configs.find = (vmid) => {
      looks += 1;
      return looks === 1 ? Promise.resolve({ kind: 'qemu', node: 'pve1' }) : deps.configs.find(vmid);
    };
    const facts = await gatherClusterFacts({ ...deps, configs: { ...deps.configs, find } }, 101, '1');
    expect(facts.guest).toMatchObject({ node: 'pve2', config: { name: 'web' } });
  });

  it('holds every problem with the file it is in', async () => {
    root.write('datacenter.cfg', 'migration: secure,network=10.0.0.0/99\n');
    root.write('storage.cfg', 'nonsense\n');
    root.write('nodes/pve1/qemu-server/101.conf', 'memory: lots\n');
    const { configProblems } = await gatherClusterFacts(deps, 101, '1');
    expect(configProblems.map(({ file }) => file)).toEqual(['datacenter.cfg', 'storage.cfg', 'nodes/pve1/qemu-server/101.conf']);
  });

  it('says which nodes have what is mapped, and who stands on its base images: linked clones on the same node', async () => {
    mkdirSync(join(root.path, 'mapping'));
    root.write('mapping/pci.cfg', 'gpu\n\tmap id=1:2,node=pve1,path=0000:01:00.0\n');
    root.write('mapping/directory.cfg', 'share\n\tmap node=pve2,path=/srv\n');
    root.write('nodes/pve1/qemu-server/9.conf', 'template: 1\nscsi0: local:9/base-9-disk-0.qcow2,size=1G\nscsi1: local:9/vm-9-disk-1.raw\n');
    root.write('nodes/pve1/qemu-server/101.conf', 'scsi0: local:9/base-9-disk-0.qcow2/101/vm-101-disk-0.qcow2\n');
    root.write('nodes/pve1/qemu-server/102.conf', 'scsi0: local:102/vm-102-disk-0.qcow2\n');
    root.write('nodes/pve2/qemu-server/103.conf', 'scsi0: local:9/base-9-disk-0.qcow2/103/vm-103-disk-0.qcow2\n');
    const facts = await gatherClusterFacts(deps, 9, '1');
    expect(facts.mappings).toEqual([{ id: 'gpu', nodes: ['pve1'] }, { id: 'share', nodes: ['pve2'] }]);
    expect(facts.linkedClones).toEqual([{ base: 'local:9/base-9-disk-0.qcow2', vmids: [101] }]);
    expect((await gatherClusterFacts(deps, 102, '1')).linkedClones).toEqual([]);
  });

  it('says whose lock it is, of containers only where they are, and null of nobody', async () => {
    root.write('nodes/pve1/qemu-server/101.conf', '');
    root.write('nodes/pve3/lxc/200.conf', '');
    const owner = { epoch: 'e', workflowId: 'w', requestedBy: 'me', since: 'now' };
    await createGuestLock(root.path, deps.configs).take(101, 'pve1', owner);
    expect((await gatherClusterFacts(deps, 101, '1')).lockOwner).toEqual(owner);
    expect((await gatherClusterFacts(deps, 200, '1')).guest).toMatchObject({ kind: 'lxc', node: 'pve3', config: { vmid: 200 } });
    expect((await gatherClusterFacts(deps, 300, '1')).guest).toBeNull();
  });
});

describe('the members', () => {
  it.each([
    ['without quorum', MEMBERS.replace('"quorate":1', '"quorate":0'), { quorate: false }],
    ['of a node on its own', '{"nodename":"solo","version":1}', { quorate: true, members: [{ name: 'solo', id: 1, online: true, ip: '' }] }],
  ])('%s', async (_title, text, expected) => {
    root.write('.members', text);
    expect(await deps.files.members()).toMatchObject(expected);
  });

  it('are the nodes that have a folder where there is no pmxcfs', async () => {
    expect((await deps.files.members()).members.map(({ name }) => name)).toEqual(['pve1', 'pve2', 'pve3']);
  });

  it.each(['', '{}', '{"nodename":'])('that are not what pmxcfs writes (%s) are an error, never an empty cluster', async (text) => {
    root.write('.members', text);
    await expect(deps.files.members()).rejects.toMatchObject({ code: 'ClusterReadOnly' });
  });

  it('cannot be known while the cluster file system is not mounted', async () => {
    rmSync(join(root.path, 'nodes'), { recursive: true });
    await expect(deps.files.members()).rejects.toMatchObject({ code: 'ClusterReadOnly' });
  });
});
