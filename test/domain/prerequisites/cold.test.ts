import type { ClusterFacts, MigrationFacts, VolumeFacts } from '../../../domain/contracts/facts.js';
import type { StorageConfig } from '../../../domain/cluster/storage-config.js';
import type { ColdPlan, Verdict } from '../../../domain/contracts/plan.js';
import type { MigrateRequest } from '../../../domain/contracts/request.js';
import { parseCtConfig } from '../../../domain/guest/parse-ct-config.js';
import { parseVmConfig } from '../../../domain/guest/parse-vm-config.js';
import { checkPrerequisites } from '../../../domain/prerequisites/index.js';
import { volidsToAsk } from '../../../domain/prerequisites/cold/context.js';
import { GIB, MIB } from '../../../domain/units.js';
import { cluster, node, storage } from './facts.js';

const VM = `name: web
memory: 512
net0: virtio=BC:24:11:00:00:01,bridge=vmbr0
scsi0: local:101/vm-101-disk-0.qcow2,size=2G
scsi1: shared:101/vm-101-disk-1.raw,size=1G
unused0: local:101/vm-101-disk-5.raw
`;
const CT = `arch: amd64
hostname: box
memory: 512
net0: name=eth0,bridge=vmbr0,hwaddr=BC:24:11:00:00:02,ip=dhcp,type=veth
ostype: debian
rootfs: local:201/subvol-201-disk-0.subvol,size=4G
`;
const STORAGES = [
  storage({ content: ['images', 'iso', 'rootdir'] }), storage({ id: 'fast', path: '/fast', content: ['images', 'rootdir'] }), storage({ id: 'shared', path: '/mnt/shared', shared: true, content: ['images', 'rootdir'] }),
  storage({ id: 'pool', type: 'btrfs', path: '/pool', content: ['images', 'rootdir'] }), storage({ id: 'thin', type: 'lvmthin', path: null }),
];

const changed = (id: string, change: Partial<StorageConfig>): readonly StorageConfig[] => STORAGES.map((one) => (one.id === id ? { ...one, ...change } : one));

const volume = (volid: string, change: Partial<VolumeFacts> = {}): VolumeFacts => ({
  volid, path: `/var/lib/vz/images/${volid.slice(volid.indexOf(':') + 1)}`, format: volid.endsWith('qcow2') ? 'qcow2' : volid.endsWith('subvol') ? 'subvol' : 'raw',
  sizeBytes: volid.endsWith('subvol') ? 0 : GIB, usedBytes: 100 * MIB, snapshots: [], backingFile: null, ...change,
});

interface Case {
  readonly text?: string;
  readonly cluster?: Partial<ClusterFacts>;
  readonly source?: Parameters<typeof node>[1];
  readonly state?: 'stopped' | 'running' | 'paused';
  readonly volumes?: (volids: readonly string[]) => readonly VolumeFacts[];
  readonly request?: Partial<MigrateRequest>;
  readonly target?: Parameters<typeof node>[1];
}

function verdict(kind: 'qemu' | 'lxc', { text = kind === 'qemu' ? VM : CT, state = 'stopped', volumes = (volids) => volids.map((volid) => volume(volid)), request = {}, target = {}, source = {}, cluster: ofCluster = {} }: Case = {}): Verdict {
  const guest = kind === 'qemu'
    ? { kind, node: 'pve1', config: parseVmConfig(101, text).config } as const
    : { kind, node: 'pve1', config: parseCtConfig(201, text).config } as const;
  const facts = cluster({ guest, storages: STORAGES, ...ofCluster });
  const own = { state, pid: state === 'stopped' ? null : 7, qemuVersion: null, machine: null, accelerator: null, migrationBlockers: [], disks: [] } as const;
  const known = STORAGES.map(({ id }) => ({ id, active: true, availableBytes: 100 * GIB, totalBytes: 200 * GIB }));
  const all: MigrationFacts = {
    cluster: facts, unreachable: [],
    source: node('pve1', { guest: own, storages: known, volumes: volumes(volidsToAsk(facts)), ...source }), target: node('pve2', { storages: known, ...target }),
  };
  return checkPrerequisites(all, { vmid: kind === 'qemu' ? 101 : 201, target: 'pve2', withLocalDisks: true, force: false, requestedBy: 'test', ...request });
}

const planOf = (kind: 'qemu' | 'lxc', change?: Case): ColdPlan => {
  const { plan, refusals } = verdict(kind, change);
  if (plan === null || plan.mode === 'live') throw new Error(JSON.stringify(refusals));
  return plan;
};

test('a stopped VM moves offline, with everything its config names on local storages', () => {
  expect(planOf('qemu')).toMatchObject({
    mode: 'offline', kind: 'qemu', name: 'web',
    volumes: [{ volid: 'local:101/vm-101-disk-0.qcow2', usedAs: 'scsi0', targetStorage: 'local', targetFormat: 'qcow2' }, { volid: 'local:101/vm-101-disk-5.raw', usedAs: 'unused0' }],
  });
});

test('pending changes and snapshots have volumes too; the state of a snapshot may not be renamed', () => {
  const text = `${VM}\n[PENDING]\nscsi2: fast:101/vm-101-disk-9.raw\n\n[snap]\nscsi0: local:101/vm-101-disk-0.qcow2\nvmstate: local:101/vm-101-state-snap.raw\n`;
  expect(planOf('qemu', { text }).volumes.map(({ usedAs, fixedName }) => [usedAs, fixedName])).toEqual([
    ['scsi0', false], ['unused0', false], ['pending change of scsi2', false], ['snapshot snap: vmstate', true],
  ]);
});

test('a running VM is shut down for the move when that is asked for, and moves live otherwise', () => {
  expect(planOf('qemu', { state: 'running', request: { offlineShutdown: true, shutdownTimeoutSeconds: 30 } })).toMatchObject({ mode: 'restart', stopTimeoutSeconds: 30 });
  expect(verdict('qemu', { state: 'running' }).plan?.mode ?? 'live').toBe('live');
});

test('a container: stopped it moves offline, running it is restarted', () => {
  expect(planOf('lxc')).toMatchObject({ mode: 'offline', kind: 'lxc', name: 'box', volumes: [{ targetFormat: 'subvol' }] });
  expect(planOf('lxc', { state: 'running', request: { restart: true, healthCheck: 'tcp:80' } })).toMatchObject({ mode: 'restart', stopTimeoutSeconds: 180, healthCheck: 'tcp:80' });
});

test('a storage map, and the format of the storage that is new to it', () => {
  expect(planOf('qemu', { request: { targetStorage: 'fast' } }).volumes.map(({ targetStorage }) => targetStorage)).toEqual(['fast', 'fast']);
  expect(planOf('qemu', { request: { targetFormat: 'raw' } }).volumes.map(({ targetFormat }) => targetFormat)).toEqual(['raw', 'raw']);
  expect(planOf('qemu', { request: { targetStorage: 'pool' } }).volumes.map(({ targetFormat }) => targetFormat)).toEqual(['raw', 'raw']);
});

/** Guest, title, what is different, code, and PVE's own words. */
const TABLE: readonly (readonly ['qemu' | 'lxc', string, Case, string, string])[] = [
  ['lxc', 'running, nothing asked for', { state: 'running' }, 'restart-required', "can't migrate running container without --online or --restart"],
  ['lxc', 'running, --online', { state: 'running', request: { online: true } }, 'container-live', 'lxc live migration is currently not implemented'],
  ['lxc', 'frozen', { state: 'paused' }, 'guest-state-unsuitable', "in state 'paused'"],
  ['lxc', 'a bind mount', { text: `${CT}mp0: /srv/data,mp=/data\n` }, 'local-mount-point', "cannot migrate local bind mount point 'mp0'"],
  ['lxc', 'a device', { text: `${CT}mp1: /dev/sdb1,mp=/data\n` }, 'local-mount-point', "cannot migrate local device mount point 'mp1'"],
  ['lxc', 'a snapshot of a directory', { text: `${CT}\n[before]\nrootfs: local:201/subvol-201-disk-0.subvol\n` }, 'disk-has-snapshots', 'non-migratable snapshot exists'],
  ['lxc', 'a volume of another guest', { text: CT.replace('201/subvol-201', '202/subvol-202') }, 'disk-owned-by-other', 'owned by other guest (owner = 202)'],
  ['lxc', 'no rootdir on the target storage', { request: { targetStorage: 'thin' } }, 'storage-content', "content type 'rootdir' is not available on storage 'thin'"],
  ['lxc', 'a bridge that is not there, and it starts again', { state: 'running', request: { restart: true }, target: { bridges: [] } }, 'bridge-missing', "bridge 'vmbr0' of net0"],
  ['lxc', 'locked by PVE', { text: `${CT}lock: backup\n` }, 'guest-locked', 'CT is locked (backup)'],
  ['lxc', 'runs on the target', { target: { guest: { state: 'running', pid: 1, qemuVersion: null, machine: null, accelerator: null, migrationBlockers: [], disks: [] } } }, 'target-has-guest', 'already running on pve2'],
  ['qemu', 'a local device', { text: `${VM}hostpci0: 0000:01:00.0\n` }, 'local-devices', "can't migrate VM which uses local devices: hostpci0"],
  ['qemu', 'an ISO image', { text: `${VM}ide2: local:iso/debian.iso,media=cdrom\n` }, 'local-cdrom-image', 'local cdrom image'],
  ['qemu', 'the CD drive itself', { text: `${VM}ide2: cdrom,media=cdrom\n` }, 'cdrom-passthrough', "can't migrate local cdrom drive"],
  ['qemu', 'a file by its path', { text: `${VM}scsi5: /srv/disk.raw\n` }, 'local-file', 'local file/device'],
  ['qemu', 'a snapshot of a raw image', { text: `${VM}\n[before]\nscsi1: local:101/vm-101-disk-5.raw\n` }, 'disk-has-snapshots', 'non-migratable snapshot exists'],
  ['qemu', 'another format for an image with snapshots', { request: { targetFormat: 'raw' }, volumes: (v) => v.map((volid) => volume(volid, volid.endsWith('qcow2') ? { snapshots: ['before'] } : {})) }, 'disk-has-snapshots', 'exist in qcow2 only'],
  ['qemu', 'a linked clone', { volumes: (v) => v.map((volid) => volume(volid, { backingFile: 'base-9-disk-0.qcow2' })) }, 'disk-is-linked-clone', "as it's a clone of 'base-9-disk-0.qcow2'"],
  ['qemu', 'a volume that is not there', { volumes: () => [] }, 'disk-size-unknown', "unable to determine size for volume 'local:101/vm-101-disk-0.qcow2'"],
  ['qemu', 'one file under two names', { volumes: (v) => v.map((volid) => volume(volid, { path: '/same' })) }, 'volumes-aliased', 'detected not supported aliased volumes'],
  ['qemu', 'a storage that is not driven', { request: { targetStorage: 'thin' } }, 'storage-type-unsupported', "storage type 'lvmthin' not supported"],
  ['qemu', 'a storage that does not exist', { request: { targetStorage: 'nowhere' } }, 'storage-unknown', "storage 'nowhere' does not exist"],
  ['qemu', 'a map that can\'t be read', { request: { targetStorage: '1,fast' } }, 'storage-map-invalid', 'identity mapping cannot be combined with other mappings'],
  ['qemu', 'no room', { volumes: (v) => v.map((volid) => volume(volid, { sizeBytes: 400 * GIB })) }, 'storage-full', "not enough space on storage 'local'"],
  ['qemu', 'no memory to start again', { state: 'running', request: { offlineShutdown: true }, target: { memoryAvailableBytes: 1 } }, 'memory-insufficient', 'not enough memory'],
  ['qemu', 'paused, so it can\'t be shut down', { state: 'paused', request: { offlineShutdown: true } }, 'guest-state-unsuitable', "in state 'paused'"],
  ['qemu', 'a health check', { request: { healthCheck: 'tcp:80' } }, 'health-check-unsupported', 'inside a container'],
  ['qemu', 'an older engine on the target', { target: { engineVersion: '0.0.9' } }, 'engine-too-old', 'is older than ferry'],
  ['lxc', 'a mount point that is neither a volume nor a path', { text: `${CT}mp0: data,mp=/data\n` }, 'local-mount-point', "can't determine assigned storage for mount point 'mp0'"],
  ['lxc', 'an unused volume on a storage that is not there', { text: `${CT}unused0: gone:201/subvol-201-disk-3.subvol\n` }, 'storage-unknown', "storage 'gone' does not exist"],
  ['lxc', 'no rootdir on its own storage', { cluster: { storages: changed('local', { content: ['images'] }) } }, 'storage-content', "content type 'rootdir' is not available on storage 'local'"],
  ['lxc', 'one directory under two names', { text: `${CT}mp0: fast:201/subvol-201-disk-1.subvol,mp=/data\n`, volumes: (v) => v.map((volid) => volume(volid, { path: '/same' })) }, 'volumes-aliased', 'detected not supported aliased volumes'],
  ['lxc', 'a storage that is not driven', { cluster: { storages: changed('local', { type: 'zfspool', path: null }) } }, 'storage-type-unsupported', "storage type 'zfspool' not supported"],
  ['lxc', 'a linked clone', { volumes: (v) => v.map((volid) => volume(volid, { backingFile: 'basevol-9-disk-0' })) }, 'disk-is-linked-clone', "as it's a clone of 'basevol-9-disk-0'"],
  ['lxc', 'a storage its node may not use', { cluster: { storages: changed('local', { nodes: ['pve2'] }) } }, 'storage-not-on-node', "storage 'local' is not available on node 'pve1'"],
  ['lxc', 'a storage the target may not use', { cluster: { storages: changed('local', { nodes: ['pve1'] }) } }, 'storage-not-on-node', "storage 'local' is not available on node 'pve2'"],
  ['lxc', 'a disabled storage', { cluster: { storages: changed('local', { disabled: true }) } }, 'storage-disabled', "storage 'local' is disabled"],
  ['qemu', 'locked by PVE', { text: `${VM}lock: snapshot\n` }, 'guest-locked', 'VM is locked (snapshot)'],
  ['qemu', 'a disabled storage', { cluster: { storages: changed('shared', { disabled: true }) } }, 'storage-disabled', "storage 'shared' is disabled"],
  ['qemu', 'a storage its node may not use', { cluster: { storages: changed('local', { nodes: ['pve2'] }) } }, 'storage-not-on-node', "storage 'local' is not available on node 'pve1'"],
  ['qemu', 'a shared storage the target may not use', { cluster: { storages: changed('shared', { nodes: ['pve1'] }) } }, 'storage-not-on-node', "storage 'shared' is not available on node 'pve2'"],
  ['qemu', 'a shared storage that is not mounted on the target', { target: { storages: [{ id: 'local', active: true, availableBytes: 100 * GIB, totalBytes: 200 * GIB }] } }, 'storage-inactive', "storage 'shared' is not active on node 'pve2'"],
  ['qemu', 'no images on the target storage', { cluster: { storages: changed('fast', { content: ['iso'] }) }, request: { targetStorage: 'fast' } }, 'storage-content', "storage 'fast' does not support vm images"],
  ['qemu', 'a volume of another VM', { text: VM.replace('local:101/vm-101', 'local:102/vm-102') }, 'disk-owned-by-other', 'owned by other VM (owner = VM 102)'],
  ['qemu', 'a mapped device the target does not have', { text: `${VM}hostpci0: mapping=gpu,pcie=1\n`, cluster: { mappings: [{ id: 'gpu', nodes: ['pve1'] }] } }, 'mapped-devices-missing', "can't migrate to 'pve2': missing mapped devices hostpci0"],
  ['qemu', 'a mapped directory nobody has, by force', { text: `${VM}virtiofs0: share,cache=auto\n`, cluster: { mappings: [] }, request: { force: true } }, 'mapped-devices-missing', 'missing mapped devices virtiofs0'],
  ['qemu', 'a template others are linked clones of', { text: `template: 1\n${VM.replace('vm-101-disk-0', 'base-101-disk-0')}`, cluster: { linkedClones: [{ base: 'local:101/base-101-disk-0.qcow2', vmids: [107] }] } }, 'disk-has-linked-clones', 'referenced by linked clone(s) of 107'],
  ['qemu', 'the CD drive in a snapshot', { text: `${VM}\n[before]\nide2: cdrom,media=cdrom\n` }, 'cdrom-passthrough', '(referenced in snapshot - before)'],
  ['qemu', 'an ISO image in a snapshot', { text: `${VM}\n[before]\nide2: local:iso/debian.iso,media=cdrom\n` }, 'local-cdrom-image', '(referenced in snapshot - before)'],
  ['qemu', 'snapshots that are volumes of their own', { text: `${VM}\n[before]\nscsi0: local:101/vm-101-disk-0.qcow2\n`, cluster: { storages: changed('local', { values: { 'snapshot-as-volume-chain': '1' } }) } }, 'disk-has-snapshots', 'non-migratable snapshot exists'],
  ['qemu', 'a VMDK image', { text: VM.replace('vm-101-disk-5.raw', 'vm-101-disk-5.vmdk'), volumes: (v) => v.filter((volid) => !volid.endsWith('vmdk')).map((volid) => volume(volid)) }, 'format-unsupported', "unsupported format 'vmdk'"],
  ['qemu', 'no quorum', { cluster: { quorate: false } }, 'no-quorum', 'cluster not ready - no quorum?'],
  ['qemu', 'no such target', { request: { target: 'pve9' } }, 'target-unknown', "no such cluster node 'pve9'"],
  ['qemu', 'a QEMU on the target', { target: { guest: { state: 'prelaunch', pid: 1, qemuVersion: null, machine: null, accelerator: null, migrationBlockers: [], disks: [] } } }, 'target-has-guest', 'VM 101 already running'],
  ['qemu', 'the target is the source', { request: { target: 'pve1' } }, 'target-is-source', 'target is local node.'],
];

test.each(TABLE)('%s, refused: %s', (kind, _title, change, code, words) => {
  const { refusals, plan } = verdict(kind, change);
  expect(plan).toBeNull();
  expect(refusals.find((refusal) => refusal.code === code)?.sentence ?? JSON.stringify(refusals)).toContain(words);
});

test('all refusals at once', () => {
  const text = `${CT}mp0: /srv/data,mp=/data\nlock: backup\n`;
  const { refusals } = verdict('lxc', { text, state: 'running', request: { targetStorage: 'nowhere' }, target: { engineVersion: '0.0.9' } });
  expect(refusals.map(({ code }) => code).sort()).toEqual(['engine-too-old', 'guest-locked', 'local-mount-point', 'restart-required', 'storage-unknown']);
});

test('what is there on every node does not stand in the way, and --force lets devices go', () => {
  expect(verdict('lxc', { text: `${CT}mp0: /srv/data,mp=/data,shared=1\ndev0: /dev/fuse\n` })).toMatchObject({ refusals: [], warnings: [expect.stringContaining('dev0 /dev/fuse')] });
  expect(verdict('qemu', { text: `${VM}hostpci0: 0000:01:00.0\n`, request: { force: true } })).toMatchObject({ refusals: [], warnings: [expect.stringContaining('migrating VM which uses local devices: hostpci0')] });
});

test('--online for a stopped VM is only told of', () => {
  expect(verdict('qemu', { request: { online: true } })).toMatchObject({ refusals: [], warnings: ["VM isn't running. Doing offline migration instead."] });
});

test('a template moves like any other stopped VM, and a cloud-init image with it, under its own name', () => {
  const text = `template: 1\n${VM}ide2: local:101/vm-101-cloudinit.qcow2,media=cdrom\n`;
  expect(planOf('qemu', { text }).volumes.map(({ usedAs, fixedName }) => [usedAs, fixedName])).toEqual([['scsi0', false], ['unused0', false], ['ide2', true]]);
});

test('a mapped device that the target has does not stand in the way', () => {
  expect(verdict('qemu', { text: `${VM}hostpci0: mapping=gpu\nusb0: mapping=key\n`, cluster: { mappings: [{ id: 'gpu', nodes: ['pve1', 'pve2'] }, { id: 'key', nodes: ['pve2'] }] } })).toMatchObject({ refusals: [], warnings: [] });
});

test('a shared storage that is offline on the source is only told of', () => {
  const storages = STORAGES.filter(({ id }) => id !== 'shared').map(({ id }) => ({ id, active: true, availableBytes: 100 * GIB, totalBytes: 200 * GIB }));
  expect(verdict('qemu', { source: { storages } })).toMatchObject({ refusals: [], warnings: ["Used shared storage 'shared' is not online on source node!"] });
});
