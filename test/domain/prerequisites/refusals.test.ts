import type { MigrationFacts } from '../../../domain/contracts/facts.js';
import type { MigrateRequest } from '../../../domain/contracts/request.js';
import { checkPrerequisites } from '../../../domain/prerequisites/index.js';
import { GIB, MIB } from '../../../domain/units.js';
import { cluster, config, disk, drive, goodFacts, goodRequest, node, runtime, source, storage, target, withConfig } from './facts.js';

interface Breakage {
  readonly facts?: Partial<MigrationFacts>;
  readonly request?: Partial<MigrateRequest>;
}

const verdictOf = ({ facts, request }: Breakage) => checkPrerequisites(goodFacts(facts), { ...goodRequest, ...request });
const local = storage();
const fast = storage({ id: 'fast', path: '/fast' });
const shared = storage({ id: 'shared', path: '/mnt/shared', shared: true });
const onlyIso = drive('ide2', 'local:iso/debian.iso', { media: 'cdrom' });
const flags = (cpuFlags: readonly string[]) => ({ cpuFlags });
const tagged = { name: 'net0', index: 0, model: 'virtio', mac: 'BC:24:11:00:00:01', bridge: 'vmbr0', tag: 7, options: {} };
const kvmGuest = (cpu: string) => ({ cluster: withConfig({ kvm: true, cpu }), source: source({ accelerator: 'kvm' }) });

/** Title, what is broken, code, and a piece of the sentence: PVE's own where PVE refuses it too. */
const TABLE: readonly (readonly [string, Breakage, string, string])[] = [
  ['no such guest', { facts: { cluster: cluster({ guest: null }) } }, 'guest-not-found', "Configuration file 'nodes/*/qemu-server/101.conf' does not exist"],
  ['a guest left in postmigrate', { facts: { source: source({ state: 'postmigrate' }) } }, 'guest-state-unsuitable', "in state 'postmigrate'"],
  ['a template', { facts: { cluster: withConfig({ template: true }) } }, 'guest-is-template', 'is a template'],
  ['running, without --online', { request: { online: false } }, 'online-required', "can't migrate running VM without --online"],
  ['target is the source', { request: { target: 'pve1' } }, 'target-is-source', 'target is local node.'],
  ['target is no member', { request: { target: 'pve9' } }, 'target-unknown', "no such cluster node 'pve9'"],
  ['target is offline', { facts: { target: null, cluster: cluster({ members: cluster().members.map((m) => ({ ...m, online: m.name !== 'pve2' })) }) } }, 'node-offline', "node 'pve2' is offline"],
  ['target is cordoned', { facts: { cluster: cluster({ cordons: [{ node: 'pve2', epoch: 'e', workflowId: 'evacuate-node-pve2', requestedBy: 'root@pam', since: '2030-01-01T00:00:00.000Z' }] }) } }, 'node-cordoned', "node 'pve2' is cordoned: evacuate-node-pve2 emptied it"],
  ['target does not answer', { facts: { target: null, unreachable: [{ node: 'pve2', cause: 'no worker polls' }] } }, 'node-unreachable', 'no worker polls'],
  ['source says nothing', { facts: { source: null } }, 'node-unreachable', "node 'pve1' does not answer"],
  ['no quorum', { facts: { cluster: cluster({ quorate: false }) } }, 'no-quorum', 'cluster not ready - no quorum?'],
  ['datacenter.cfg is malformed', { facts: { cluster: cluster({ configProblems: [{ file: 'datacenter.cfg', problem: "migration: unknown key 'netwrok'" }] }) } }, 'config-invalid', "datacenter.cfg: migration: unknown key 'netwrok'"],
  ['migrate_downtime is no number', { facts: { cluster: withConfig({ values: { migrate_downtime: 'soon' } }) } }, 'config-invalid', "migrate_downtime of VM 101 is not a number: 'soon'"],
  ['locked by PVE', { facts: { cluster: withConfig({ lock: 'backup' }) } }, 'guest-locked', 'VM is locked (backup)'],
  ['locked by another migration', { facts: { cluster: cluster({ lockOwner: { epoch: 'e', workflowId: 'from-the-ui', requestedBy: 'eve', since: '2025-01-01T00:00:00Z' } }) } }, 'guest-locked', 'VM is locked (migrate) by from-the-ui, requested by eve'],
  ['locked by a migration whose workflow is closed', { facts: { cluster: cluster({ lockOwner: { epoch: 'e', workflowId: 'migrate-guest-101', requestedBy: 'eve', since: '2025-01-01T00:00:00Z' }, lockRun: 'closed' }) } }, 'guest-locked', 'that workflow is closed and has left its lock'],
  ['a QEMU on the target', { facts: { target: target({ guest: runtime({ state: 'inmigrate' }) }) } }, 'target-has-guest', 'VM 101 already running'],
  ['PCI passthrough', { facts: { cluster: withConfig({ values: { hostpci0: '0000:01:00.0' } }) } }, 'local-devices', "can't migrate VM which uses local devices: hostpci0"],
  ['PCI passthrough, by force', { facts: { cluster: withConfig({ values: { hostpci0: '0000:01:00.0' } }) }, request: { force: true } }, 'local-devices', '--force does not help'],
  ['a host serial port', { facts: { cluster: withConfig({ values: { serial0: '/dev/ttyS0' } }) } }, 'local-devices', 'serial0'],
  ['a mapped device', { facts: { cluster: withConfig({ values: { hostpci0: 'mapping=gpu' } }) } }, 'mapped-devices', "can't live migrate running VM which uses following mapped devices: hostpci0"],
  ['encrypted memory', { facts: { cluster: withConfig({ values: { 'amd-sev': 'type=std' } }) } }, 'encrypted-memory', 'amd-sev'],
  ['the VNC clipboard', { facts: { cluster: withConfig({ values: { vga: 'std,clipboard=vnc' } }) } }, 'clipboard-vnc', "VMs with 'clipboard' set to 'vnc' are not live migratable"],
  ['UEFI', { facts: { cluster: withConfig({ values: { bios: 'ovmf', efidisk0: 'local:101/vm-101-disk-9.qcow2' } }) } }, 'firmware-not-supported', 'bios: ovmf, efidisk0'],
  ['QEMU blocks', { facts: { source: source({ migrationBlockers: ['VFIO device'] }) } }, 'qemu-migration-blocker', 'VFIO device'],
  ['the host CD drive', { facts: { cluster: withConfig({ drives: [drive('ide2', 'cdrom', { media: 'cdrom' })] }) } }, 'cdrom-passthrough', "can't migrate local cdrom drive"],
  ['a local ISO', { facts: { cluster: withConfig({ drives: [onlyIso] }) } }, 'local-cdrom-image', "can't migrate local disk 'local:iso/debian.iso': local cdrom image"],
  ['a local cloud-init image', { facts: { cluster: withConfig({ drives: [drive('ide2', 'local:101/vm-101-cloudinit.qcow2', { media: 'cdrom' })] }) } }, 'local-cdrom-image', 'local cdrom image'],
  ['a path that is not shared', { facts: { cluster: withConfig({ drives: [drive('scsi2', '/dev/sdb')] }) } }, 'local-file', "can't migrate local disk '/dev/sdb': local file/device"],
  ['local disks without the option', { request: { withLocalDisks: false } }, 'local-disks-not-allowed', "can't live migrate attached local disks without with-local-disks option"],
  ["another guest's disk", { facts: { cluster: withConfig({ drives: [drive('scsi0', 'local:101/vm-102-disk-0.qcow2')] }) } }, 'disk-owned-by-other', 'owned by other VM (owner = VM 102)'],
  ["nobody's disk", { facts: { cluster: withConfig({ drives: [drive('scsi0', 'local:data.qcow2')] }) } }, 'disk-owned-by-other', 'owned by other VM'],
  ['a snapshot in the config', { facts: { cluster: withConfig({ snapshots: { before: { scsi0: 'local:101/vm-101-disk-0.qcow2,size=2G' } } }) } }, 'disk-has-snapshots', 'online storage migration not possible if non-replicated snapshot exists (before)'],
  ['a snapshot inside the image', { facts: { source: source({ disks: [disk({ snapshots: ['old'] })] }) } }, 'disk-has-snapshots', 'exists (old)'],
  ['a linked clone', { facts: { source: source({ disks: [disk({ backingFile: '../9/base-9-disk-0.qcow2' })] }) } }, 'disk-is-linked-clone', "can't migrate 'local:101/vm-101-disk-0.qcow2' as it's a clone of '../9/base-9-disk-0.qcow2'"],
  ['two drives on one image', { facts: { cluster: withConfig({ drives: [drive('scsi0', 'local:101/vm-101-disk-0.qcow2'), drive('scsi1', 'fast:101/vm-101-disk-0.qcow2')] }), source: source({ disks: [disk(), disk({ drive: 'scsi1', volid: 'fast:101/vm-101-disk-0.qcow2' })] }) } }, 'volumes-aliased', "detected not supported aliased volumes: 'local:101/vm-101-disk-0.qcow2', 'fast:101/vm-101-disk-0.qcow2'"],
  ['a disk QEMU did not tell about', { facts: { source: source({ disks: [] }) } }, 'disk-size-unknown', "unable to determine size for volume 'local:101/vm-101-disk-0.qcow2'"],
  ['an unused local disk', { facts: { cluster: withConfig({ values: { unused0: 'local:101/vm-101-disk-5.raw' } }) } }, 'volume-left-behind', "'local:101/vm-101-disk-5.raw': unused (unused0)"],
  ['a pending local disk', { facts: { cluster: withConfig({ pending: { scsi3: 'file=local:101/vm-101-disk-6.raw,size=1G' } }) } }, 'volume-left-behind', 'pending change of scsi3'],
  ['a snapshot with its RAM on a local storage', { facts: { cluster: withConfig({ snapshots: { before: { vmstate: 'local:101/vm-101-state-before.raw' } } }) } }, 'volume-left-behind', 'referenced in snapshot - before (vmstate)'],
  ['a storage nobody defined', { facts: { cluster: withConfig({ drives: [drive('scsi0', 'gone:101/vm-101-disk-0.raw')] }) } }, 'storage-unknown', "storage 'gone' does not exist"],
  ['a target storage nobody defined', { request: { targetStorage: 'gone' } }, 'storage-unknown', "storage 'gone' does not exist"],
  ['a bad storage map', { request: { targetStorage: 'fast,shared' } }, 'storage-map-invalid', 'failed to parse storage map: default target ID can only be provided once'],
  ['a disabled storage', { facts: { cluster: cluster({ storages: [{ ...local, disabled: true }, fast, shared] }) } }, 'storage-disabled', "storage 'local' is disabled"],
  ['a local storage the target may not use', { facts: { cluster: cluster({ storages: [{ ...local, nodes: ['pve1'] }, fast, shared] }) } }, 'storage-not-on-node', "storage 'local' is not available on node 'pve2'"],
  ['a shared storage the target may not use', { facts: { cluster: cluster({ storages: [local, fast, { ...shared, nodes: ['pve1', 'pve3'] }] }) } }, 'storage-not-on-node', "storage 'shared' is not available on node 'pve2'"],
  ['a storage the source may not use', { facts: { cluster: cluster({ storages: [{ ...local, nodes: ['pve2'] }, fast, shared] }) } }, 'storage-not-on-node', "storage 'local' is not available on node 'pve1'"],
  ['a shared storage that is not mounted', { facts: { target: target({ storages: node('pve2').storages.filter(({ id }) => id !== 'shared') }) } }, 'storage-inactive', "storage 'shared' is not active on node 'pve2'"],
  ['a target storage without images', { facts: { cluster: cluster({ storages: [{ ...local, content: ['iso'] }, fast, shared] }) } }, 'storage-content', "content type 'images' is not available on storage 'local'"],
  ['a thin pool', { facts: { cluster: cluster({ storages: [{ ...local, type: 'lvmthin', path: null }, fast, shared] }) } }, 'storage-type-unsupported', "storage type 'lvmthin' not supported"],
  ['a thin pool as target', { facts: { cluster: cluster({ storages: [local, { ...fast, type: 'zfspool', path: null }, shared] }) }, request: { targetStorage: 'local:fast' } }, 'storage-type-unsupported', "storage type 'zfspool' not supported (storage 'fast')"],
  ['a shared storage without files', { facts: { cluster: cluster({ storages: [local, fast, { ...shared, type: 'rbd', path: null }] }) } }, 'storage-type-unsupported', "storage type 'rbd' not supported"],
  ['no room for the disks', { facts: { target: target({ storages: node('pve2').storages.map((s) => ({ ...s, availableBytes: GIB })) }) } }, 'storage-full', "not enough space on storage 'local' of node 'pve2': 2.0 GiB needed, 1.0 GiB available"],
  ['no memory for the guest', { facts: { target: target({ memoryAvailableBytes: 600 * MIB }) } }, 'memory-insufficient', "not enough memory on node 'pve2': 665.6 MiB needed"],
  ['a bridge is missing', { facts: { target: target({ bridges: ['vmbr1'] }) } }, 'bridge-missing', "bridge 'vmbr0' of net0 does not exist on node 'pve2'"],
  ['a tagged card on a bridge without VLANs', { facts: { cluster: withConfig({ nets: [tagged] }), target: target({ vlanAwareBridges: [] }) } }, 'bridge-not-vlan-aware', "net0 has VLAN tag 7, and bridge 'vmbr0' on node 'pve2' is not VLAN-aware"],
  ['no address in the network', { request: { migrationNetwork: '10.9.9.0/24' } }, 'migration-network-missing', "failed to get ip for node 'pve2' in network '10.9.9.0/24'"],
  ['a malformed network', { request: { migrationNetwork: '10.9.9/24' } }, 'migration-network-invalid', "migration network '10.9.9/24' is not a CIDR"],
  ['an older QEMU', { facts: { target: target({ qemuVersion: '9.2.4' }) } }, 'qemu-too-old', "QEMU 9.2.4 on node 'pve2' is older than the QEMU 10.0.2"],
  ['an unknown machine type', { facts: { target: target({ machineTypes: ['pc-i440fx-9.2'] }) } }, 'machine-type-unknown', "is too old to run machine type 'pc-i440fx-10.0', please upgrade node 'pve2'"],
  ['a machine type QEMU did not tell', { facts: { source: source({ machine: null }) } }, 'machine-unknown', 'is unknown'],
  ['an older engine', { facts: { target: target({ engineVersion: '0.1.0-rc1' }) } }, 'engine-too-old', "ferry 0.1.0-rc1 on node 'pve2' is older than ferry 0.1.0"],
  ['TCG on an old QEMU', { facts: { source: source({ qemuVersion: '7.2.22' }), target: target({ qemuVersion: '7.2.22' }) } }, 'tcg-loses-memory', "QEMU 7.2.22 on node 'pve1' loses dirty memory pages under TCG"],
  ['KVM does not work on the target', { facts: { ...kvmGuest('kvm64'), target: target({ kvmUsable: false }) } }, 'kvm-unusable', "KVM does not work on node 'pve2'"],
  ['the config says another accelerator', { facts: { cluster: withConfig({ kvm: true }) } }, 'accelerator-differs', 'runs with tcg, its config says kvm: 1'],
  ['an unknown CPU model', { facts: { cluster: withConfig({ cpu: 'custom-mine' }) } }, 'cpu-model-unknown', "CPU model 'custom-mine' is not known"],
  ['host CPU, other vendor', { facts: { ...kvmGuest('host'), target: target({ cpuVendor: 'AuthenticAMD' }) } }, 'cpu-vendor-differs', 'GenuineIntel on pve1, AuthenticAMD on pve2'],
  ['host CPU, fewer flags', { facts: { ...kvmGuest('cputype=host,flags=+aes'), target: target(flags(['sse2', 'pni', 'ssse3', 'sse4_1', 'sse4_2', 'popcnt'])) } }, 'cpu-flags-missing', 'aes'],
  ["one of PVE's models, fewer flags", { facts: { ...kvmGuest('x86-64-v2-AES'), target: target(flags(['sse2', 'pni'])) } }, 'cpu-flags-missing', 'popcnt, sse4_1, sse4_2, ssse3, aes'],
  ['a flag of its own, which the target lacks', { facts: { ...kvmGuest('kvm64,flags=+aes;+sse4.1'), target: target(flags(['sse2', 'pni'])) } }, 'cpu-flags-missing', "CPU model 'kvm64' with +aes, +sse4_1 gives the guest: aes, sse4_1"],
  ['a flag of its own without a model', { facts: { ...kvmGuest('flags=+aes'), target: target(flags(['sse2', 'pni'])) } }, 'cpu-flags-missing', "CPU model 'kvm64' with +aes gives the guest: aes"],
];

describe('a refusal', () => {
  test.each(TABLE)('%s', (_title, breakage, code, text) => {
    const { refusals, plan } = verdictOf(breakage);
    expect(plan).toBeNull();
    expect(refusals).toContainEqual(expect.objectContaining({ code, sentence: expect.stringContaining(text) }));
  });

  test.each(TABLE)('%s: names a remedy, says nothing twice', (_title, breakage) => {
    const { refusals } = verdictOf(breakage);
    for (const { code, sentence, remedy } of refusals) {
      expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/);
      expect(remedy).not.toBe('');
      expect(sentence).not.toMatch(/undefined|null|NaN|\[object/);
    }
    expect(new Set(refusals.map(({ sentence }) => sentence)).size).toBe(refusals.length);
  });

  /** One broken thing is one refusal, except where a second is really a second. */
  const ALONE = TABLE.filter(([title]) => !/TCG|UEFI|nobody's|by force|storage nobody|another accelerator|an older QEMU|no address|thin pool$|may not use|left in post/.test(title));
  test.each(ALONE)('%s: is the only one', (_title, breakage) => {
    expect(verdictOf(breakage).refusals).toHaveLength(1);
  });
});

describe('all at once', () => {
  test('a config that breaks a dozen prerequisites yields every one of them', () => {
    const broken = config({
      lock: 'snapshot',
      cpu: 'custom-mine',
      memoryMiB: 65_536,
      values: { hostpci0: '01:00.0', usb0: 'host=1-2', unused0: 'local:101/vm-101-disk-7.raw', efidisk0: 'local:101/vm-101-disk-8.raw', migrate_speed: 'fast' },
      drives: [drive('scsi0', 'local:101/vm-102-disk-0.qcow2'), drive('scsi1', 'gone:101/vm-101-disk-1.raw'), drive('scsi2', '/dev/sdb'), onlyIso],
      nets: [{ name: 'net0', index: 0, model: 'virtio', mac: 'BC:24:11:00:00:01', bridge: 'vmbr7', tag: null, options: {} }],
      snapshots: { before: { scsi0: 'local:101/vm-102-disk-0.qcow2' } },
    });
    const verdict = checkPrerequisites(
      goodFacts({ cluster: cluster({ quorate: false, guest: { kind: 'qemu', node: 'pve1', config: broken } }), target: target({ qemuVersion: '8.1.0', machineTypes: [] }) }),
      { ...goodRequest, online: false, withLocalDisks: false, migrationNetwork: '192.168.99.0/24' },
    );
    expect(verdict.plan).toBeNull();
    expect(new Set(verdict.refusals.map(({ code }) => code))).toEqual(new Set([
      'no-quorum', 'guest-locked', 'online-required', 'config-invalid', 'local-devices', 'firmware-not-supported', 'local-file', 'local-cdrom-image',
      'local-disks-not-allowed', 'disk-owned-by-other', 'disk-has-snapshots', 'volume-left-behind', 'storage-unknown', 'bridge-missing',
      'migration-network-missing', 'qemu-too-old', 'machine-type-unknown', 'tcg-loses-memory', 'cpu-model-unknown', 'memory-insufficient',
    ]));
  });
});

describe('no refusal', () => {
  test.each<[string, Breakage]>([
    ['as it is', {}],
    ['asked for online', { request: { online: true } }],
    ['a newer target', { facts: { target: target({ qemuVersion: '10.1.0', engineVersion: '0.2.0', machineTypes: ['pc-i440fx-10.0', 'pc-i440fx-10.1'] }) } }],
    ['an ISO on a shared storage', { facts: { cluster: { ...withConfig({ drives: [drive('ide2', 'shared:iso/debian.iso', { media: 'cdrom' })] }), storages: [local, fast, { ...shared, content: ['images', 'iso'] }] } } }],
    ['an empty CD drive', { facts: { cluster: withConfig({ drives: [drive('ide2', 'none', { media: 'cdrom' })] }) } }],
    ['a path marked as shared', { facts: { cluster: withConfig({ drives: [drive('scsi0', '/dev/mapper/san', { shared: '1' })] }) } }],
    ['snapshots of shared disks only', { facts: { cluster: withConfig({ drives: [drive('scsi1', 'shared:101/vm-101-disk-1.raw')], snapshots: { before: { scsi1: 'shared:101/vm-101-disk-1.raw' } } }) } }],
    ['only shared disks, option not given', { facts: { cluster: withConfig({ drives: [drive('scsi1', 'shared:101/vm-101-disk-1.raw')] }) }, request: { withLocalDisks: false } }],
    ['an idle thin pool', { facts: { cluster: cluster({ storages: [local, fast, shared, storage({ id: 'thin', type: 'lvmthin', path: null })] }) } }],
    ['a serial socket and SPICE USB', { facts: { cluster: withConfig({ values: { serial0: 'socket', usb0: 'spice' } }) } }],
    ['KVM on both sides', { facts: kvmGuest('x86-64-v2-AES') }],
    ['host CPU, more flags on the target', { facts: { ...kvmGuest('host'), target: target(flags([...node('pve2').cpuFlags, 'avx512f'])) } }],
    ['host CPU, a flag that the target lacks is switched off', { facts: { ...kvmGuest('host,flags=-aes'), target: target(flags(['sse2', 'pni', 'ssse3', 'sse4_1', 'sse4_2', 'popcnt'])) } }],
    ['a flag that KVM makes up', { facts: kvmGuest('kvm64,flags=+hv-tlbflush;+virt-ssbd') }],
    ['a flag of its own under TCG', { facts: { cluster: withConfig({ cpu: 'qemu64,flags=+aes' }), target: target(flags([])) } }],
    ['a tagged card on a VLAN-aware bridge', { facts: { cluster: withConfig({ nets: [tagged] }), target: target({ vlanAwareBridges: ['vmbr0'] }) } }],
    ['a tagged card, and an agent that does not tell', { facts: { cluster: withConfig({ nets: [tagged] }) } }],
    ['another vendor under TCG', { facts: { cluster: withConfig({ cpu: 'max' }), target: target({ cpuVendor: 'AuthenticAMD' }) } }],
  ])('%s', (_title, breakage) => {
    const { refusals, plan } = verdictOf(breakage);
    expect(refusals).toEqual([]);
    expect(plan).not.toBeNull();
  });
});

describe('warnings', () => {
  test.each<[string, Breakage, string]>([
    ['a shared storage that is offline on the source', { facts: { source: source({}, { storages: [] }) } }, "Used shared storage 'shared' is not online on source node!"],
    ['keys that are not acted on', { facts: { cluster: withConfig({ unknownKeys: ['audio0'] }) } }, 'kept in the config and not acted on: audio0'],
    ['force', { request: { force: true } }, '--force has no effect'],
    ['CPU vendors differ', { facts: { ...kvmGuest('kvm64'), target: target({ cpuVendor: 'AuthenticAMD' }) } }, 'CPU vendors differ'],
  ])('%s', (_title, breakage, text) => {
    const { warnings, plan } = verdictOf(breakage);
    expect(plan).not.toBeNull();
    expect(warnings).toEqual([expect.stringContaining(text)]);
  });
});
