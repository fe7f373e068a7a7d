import { buildCommandLine } from '../../../../hypervisor/qemu/command-line/build.js';
import { type CommandLineInput } from '../../../../hypervisor/qemu/command-line/input.js';
import { vmConfig } from '../../support/vm-config.js';

const build = (lines: Record<string, string>, extra: Partial<CommandLineInput> = {}): string[] => buildCommandLine({
  config: vmConfig(101, lines), paths: { qemuRunDir: '/run/x' }, resolve: (volid) => ({ path: `/images/${volid.split(':')[1] ?? ''}`, format: volid.endsWith('qcow2') ? 'qcow2' : 'raw' }),
  binary: 'qemu', incoming: false, ...extra,
});
const after = (argv: readonly string[], option: string): string[] => argv.flatMap((arg, at) => (arg === option ? [argv[at + 1] ?? ''] : []));
const device = (argv: readonly string[], id: string): string => after(argv, '-device').find((d) => d.split(',').includes(`id=${id}`)) ?? 'none';
const blockdev = (argv: readonly string[], at = 0): Record<string, unknown> => JSON.parse(after(argv, '-blockdev')[at]!) as Record<string, unknown>;

describe('buildCommandLine', () => {
  it('makes a headless daemon of its own with two QMP sockets', () => {
    const argv = build({ name: 'web,1' });
    expect(argv[0]).toBe('qemu');
    expect(argv).toEqual(expect.arrayContaining(['-nodefaults', '-no-user-config', '-daemonize', '/run/x/101.pid', 'guest=web,,1,debug-threads=on']));
    expect(after(argv, '-chardev')).toEqual(['socket,id=qmp,path=/run/x/101.qmp,server=on,wait=off', 'socket,id=drive-qmp,path=/run/x/101.drive.qmp,server=on,wait=off']);
    expect(argv).not.toContain('-S');
  });

  it('waits for a stream with -S and -incoming defer', () => {
    expect(build({}, { incoming: true }).join(' ')).toContain('-S -incoming defer');
  });

  it.each([
    ['the default', {}, {}, 'pc'],
    ['the config\'s', { machine: 'q35' }, {}, 'q35'],
    ['the config\'s, with PVE\'s revision and options cut off', { machine: 'pc-i440fx-9.2+pve1,viommu=virtio' }, {}, 'pc-i440fx-9.2'],
    ['the one that is asked for, before the config\'s', { machine: 'q35' }, { machine: 'pc-q35-9.2' }, 'pc-q35-9.2'],
  ])('takes as machine %s', (_title, lines, extra, expected) => {
    expect(after(build(lines, extra), '-machine')).toEqual([expected]);
  });

  it.each([
    ['kvm64 by default', {}, 'kvm64'],
    ['with KVM, the features must be there', { kvm: '1' }, 'kvm64,enforce,+kvm_pv_eoi,+kvm_pv_unhalt'],
    ['no host without KVM', { cpu: 'host' }, 'qemu64'],
    ['PVE\'s levels are qemu64 with features', { cpu: 'x86-64-v2-AES,flags=-pcid' }, 'qemu64,+aes,+popcnt,+pni,+sse4.1,+sse4.2,+ssse3,-pcid'],
    ['a model by its key', { cpu: 'cputype=Nehalem,flags=+aes;-pcid' }, 'Nehalem,+aes,-pcid'],
  ])('CPU: %s', (_title, lines: Record<string, string>, expected) => {
    expect(after(build(lines), '-cpu')).toEqual([expected]);
  });

  it('shares the cores out, and starts with fewer when the config says so', () => {
    expect(after(build({ sockets: '2', cores: '3', vcpus: '4' }), '-smp')).toEqual(['4,sockets=2,cores=3,maxcpus=6']);
  });

  it.each([
    ['none', true, false, 'on'], ['directsync', true, false, 'off'], ['writeback', false, false, 'on'],
    ['writethrough', false, false, 'off'], ['unsafe', false, true, 'on'],
  ])('cache=%s: direct %s, no-flush %s, the device\'s write cache %s', (mode, direct, noFlush, writeCache) => {
    const argv = build({ virtio0: `local:101/vm-101-disk-0.qcow2,cache=${mode}` });
    expect(blockdev(argv)).toMatchObject({ driver: 'qcow2', 'node-name': 'drive-virtio0', cache: { direct, 'no-flush': noFlush }, file: { 'node-name': 'file-virtio0', filename: '/images/101/vm-101-disk-0.qcow2' } });
    expect(device(argv, 'virtio0')).toContain(`write-cache=${writeCache}`);
  });

  it.each([
    ['threads where io_uring does not work', {}, false, 'threads'], ['io_uring where it does', {}, true, 'io_uring'],
    ['native with O_DIRECT', { aio: 'native' }, true, 'native'], ['threads for native without it', { aio: 'native', cache: 'writeback' }, true, 'threads'],
  ])('aio: %s', (_title, options: Record<string, string>, ioUring, expected) => {
    const text = Object.entries(options).map(([k, v]) => `,${k}=${v}`).join('');
    expect(blockdev(build({ scsi0: `a:1${text}` }, { ioUring }))).toMatchObject({ file: { aio: expected } });
  });

  it('puts a migration\'s images in place of the config\'s', () => {
    const argv = build({ scsi0: 'a:x.qcow2,format=qcow2', scsi1: 'a:y' }, { overrides: { scsi0: { path: '/new', format: 'raw' } } });
    expect(blockdev(argv, 0)).toMatchObject({ driver: 'raw', file: { filename: '/new' } });
    expect(blockdev(argv, 1)).toMatchObject({ driver: 'raw', file: { filename: '/images/y' } });
  });

  it('gives an iothread to a disk with a controller of its own, and to no other', () => {
    expect(after(build({ scsihw: 'virtio-scsi-single', scsi0: 'a:1,iothread=1', virtio1: 'a:2,iothread=1' }), '-object')).toEqual(['iothread,id=iothread-scsi0', 'iothread,id=iothread-virtio1']);
    expect(after(build({ scsihw: 'virtio-scsi-pci', scsi0: 'a:1,iothread=1' }), '-object')).toEqual([]);
  });

  it('keeps a device where it is, whatever else comes or goes', () => {
    const small = build({ scsihw: 'virtio-scsi-single', scsi1: 'a:1', net1: 'virtio=02:00:00:00:00:01,bridge=b' });
    const big = build({ scsihw: 'virtio-scsi-single', scsi0: 'a:0', scsi1: 'a:1', net0: 'e1000=02:00:00:00:00:00,bridge=b', net1: 'virtio=02:00:00:00:00:01,bridge=b', virtio0: 'a:2', agent: '1' });
    const place = (text: string): string => /bus=.*?,addr=\w+/.exec(text)?.[0] ?? 'none';
    for (const id of ['virtioscsi1', 'net1']) expect(place(device(small, id))).toBe(place(device(big, id)));
  });

  it('boots in the order the config says, in both ways of saying it', () => {
    const drives = { virtio0: 'a:1', ide2: 'iso:x.iso,media=cdrom', net0: 'virtio=02:00:00:00:00:00,bridge=b' };
    const order = (lines: Record<string, string>): number[] => ['virtio0', 'ide2', 'net0'].map((id) => Number(/bootindex=(\d+)/.exec(device(build(lines), id))?.[1] ?? 0));
    expect(order({ ...drives, boot: 'order=net0;virtio0' })).toEqual([101, 0, 100]);
    expect(order({ ...drives, boot: 'nc', bootdisk: 'virtio0' })).toEqual([101, 0, 100]);
    expect(order(drives)).toEqual([100, 101, 102]);
  });

  it('decodes smbios1, takes its UUID for the machine, and keeps commas inside values', () => {
    const argv = build({ smbios1: `uuid=5b1c8a0e-0000-4000-8000-000000000001,manufacturer=${Buffer.from('A, Inc.').toString('base64')},base64=1` });
    expect(after(argv, '-uuid')).toEqual(['5b1c8a0e-0000-4000-8000-000000000001']);
    expect(after(argv, '-smbios')).toEqual(['type=1,uuid=5b1c8a0e-0000-4000-8000-000000000001,manufacturer=A,, Inc.']);
  });

  it('appends args as words, without a shell', () => {
    expect(build({ args: "-device 'a b' -x \"$(id) \\\" c\" d\\ e" }).slice(-5)).toEqual(['-device', 'a b', '-x', '$(id) " c', 'd e']);
  });

  it.each([
    ['a machine of another kind', { machine: 'microvm' }, /machine microvm/], ['OVMF', { bios: 'ovmf' }, /bios ovmf/],
    ['another SCSI controller', { scsihw: 'pvscsi' }, /scsihw pvscsi/], ['a serial device of the host', { serial0: '/dev/ttyS0' }, /serial0/],
    ['another display', { vga: 'qxl' }, /vga qxl/], ['another network card', { net0: 'ne2k_pci=02:00:00:00:00:00' }, /ne2k_pci/],
    ['an unknown cache mode', { ide0: 'a:1,cache=fast' }, /cache=fast/], ['the host\'s CD-ROM drive', { ide2: 'cdrom,media=cdrom' }, /ide2: cdrom/],
    ['an open quote in args', { args: '-x "a' }, /not closed/], ['a line break', { name: 'a\nb' }, /line break/], ['a NUL', { args: 'a\0b' }, /NUL/],
  ])('refuses %s', (_title, lines: Record<string, string>, message) => {
    expect(() => build(lines)).toThrow(expect.objectContaining({ code: 'InvalidInput', message: expect.stringMatching(message) as string }) as Error);
  });
});
