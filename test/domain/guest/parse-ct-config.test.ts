import { parseCtConfig } from '../../../domain/guest/parse-ct-config.js';

const FULL = `#a container
arch: amd64
cores: 2
cpulimit: 1.5
cpuunits: 200
dev0: /dev/ttyUSB0,mode=0660
features: nesting=1,mount=nfs;cifs
hostname: web
lock: backup
memory: 1024
mp1: /mnt/pictures,mp=/srv/pictures,ro=1,shared=1
mp0: fast:110/vm-110-disk-1.raw,mp=/data,size=4G,mountoptions=noatime;nodev
mp2: /dev/disk/by-id/x,mp=/mnt/x
net0: name=eth0,bridge=vmbr0,gw=10.30.0.254,hwaddr=02:30:00:00:00:6E,ip=10.30.0.110/24,mtu=1400,tag=12,type=veth
net1: name=eth1,bridge=vmbr1,ip=dhcp,ip6=auto,link_down=1,firewall=1
ostype: debian
protection: 1
rootfs: local:110/subvol-110-disk-0.subvol,size=0
swap: 0
timezone: host
unprivileged: 1
unused0: local:110/vm-110-disk-7.raw
lxc.mount.entry: /srv srv none bind 0 0
lxc.mount.entry: /opt opt none bind 0 0
lxc.apparmor.profile = unconfined
lxc.cap.drop:

[pve:pending]
memory: 2048
delete: cores

[before]
memory: 256
lxc.cap.drop: sys_admin
rootfs: local:110/subvol-110-disk-0.subvol
snaptime: 1700000000
`;

describe('parseCtConfig', () => {
  const { config, problems } = parseCtConfig(110, FULL);

  it('reads what ferry acts on', () => {
    expect(problems).toEqual([]);
    expect(config).toMatchObject({
      vmid: 110, hostname: 'web', arch: 'amd64', ostype: 'debian', lock: 'backup', memoryMiB: 1024, swapMiB: 0, cores: 2, cpuLimit: 1.5, cpuUnits: 200,
      unprivileged: true, protection: true, template: false, features: { nesting: '1', mount: 'nfs;cifs' }, text: FULL,
      unused: [{ key: 'unused0', volid: 'local:110/vm-110-disk-7.raw' }],
      devices: [{ key: 'dev0', path: '/dev/ttyUSB0', options: { mode: '0660' } }],
    });
  });

  it('tells volumes, directories and devices apart, in the order of their numbers', () => {
    expect(config.rootfs).toEqual({
      name: 'rootfs', index: null, kind: 'volume', source: 'local:110/subvol-110-disk-0.subvol', volid: 'local:110/subvol-110-disk-0.subvol', path: '/',
      sizeBytes: null, shared: false, readOnly: false, mountOptions: [], options: { size: '0' },
    });
    expect(config.mountPoints).toEqual([
      { name: 'mp0', index: 0, kind: 'volume', source: 'fast:110/vm-110-disk-1.raw', volid: 'fast:110/vm-110-disk-1.raw', path: '/data', sizeBytes: 4 * 1024 ** 3,
        shared: false, readOnly: false, mountOptions: ['noatime', 'nodev'], options: { size: '4G', mountoptions: 'noatime;nodev' } },
      { name: 'mp1', index: 1, kind: 'bind', source: '/mnt/pictures', volid: null, path: '/srv/pictures', sizeBytes: null, shared: true, readOnly: true, mountOptions: [],
        options: { ro: '1', shared: '1' } },
      expect.objectContaining({ name: 'mp2', kind: 'device', source: '/dev/disk/by-id/x', volid: null, shared: false }),
    ]);
  });

  it('takes networks apart', () => {
    expect(config.nets).toEqual([
      { key: 'net0', index: 0, name: 'eth0', bridge: 'vmbr0', mac: '02:30:00:00:00:6E', ip: '10.30.0.110/24', gateway: '10.30.0.254', ip6: null, gateway6: null, tag: 12, mtu: 1400,
        linkDown: false, options: { type: 'veth' } },
      { key: 'net1', index: 1, name: 'eth1', bridge: 'vmbr1', mac: null, ip: null, gateway: null, ip6: null, gateway6: null, tag: null, mtu: null, linkDown: true, options: { firewall: '1' } },
    ]);
  });

  it("keeps LXC's own lines in order, also of one key, and the other sections apart", () => {
    expect(config.lxc).toEqual([
      { key: 'lxc.mount.entry', value: '/srv srv none bind 0 0' }, { key: 'lxc.mount.entry', value: '/opt opt none bind 0 0' },
      { key: 'lxc.apparmor.profile', value: 'unconfined' }, { key: 'lxc.cap.drop', value: '' },
    ]);
    expect(config.pending).toEqual({ memory: '2048', delete: 'cores' });
    expect(config.snapshots).toEqual({ before: { memory: '256', rootfs: 'local:110/subvol-110-disk-0.subvol', snaptime: '1700000000' } });
    expect(config.unknownKeys).toEqual(['timezone']);
  });

  it("has PVE's defaults", () => {
    expect(parseCtConfig(7000, 'rootfs: local:7000/a.raw\n')).toMatchObject({
      problems: [],
      config: { hostname: 'CT7000', arch: 'amd64', ostype: 'unmanaged', lock: null, memoryMiB: 512, swapMiB: 512, cores: null, cpuLimit: null, cpuUnits: null, unprivileged: false, nets: [], mountPoints: [] },
    });
  });

  it.each([
    ['cpulimit: 0', { cpuLimit: null }],
    ['net0: name=eth0,bridge=vmbr0,ip=manual', { nets: [expect.objectContaining({ ip: null })] }],
    ['net0: name=eth0,ip6=fd00::2/64,gw6=fd00::1', { nets: [expect.objectContaining({ bridge: null, ip6: 'fd00::2/64', gateway6: 'fd00::1' })] }],
    ['template: 1', { template: true }],
  ])('reads %j', (text, expected) => {
    const parsed = parseCtConfig(110, `rootfs: local:110/a.raw\n${text}`);
    expect(parsed.problems).toEqual([]);
    expect(parsed.config).toMatchObject(expected);
  });

  it.each([
    ['not a line', 'unable to parse config: not a line'],
    ['lxc.Cap: x', 'unable to parse config: lxc.Cap: x'],
    ['hostname: a\nhostname: b', 'hostname is given twice'],
    ['memory: much', "memory: expected a whole number from 1, got 'much'"],
    ['swap: -1', "swap: expected a whole number, got '-1'"],
    ['cores: 0', "cores: expected a whole number from 1, got '0'"],
    ['cpulimit: x', "cpulimit: expected a number, got 'x'"],
    ['unprivileged: maybe', "unprivileged: expected 0 or 1, got 'maybe'"],
    ['features: nesting', "features: value without key, but there is no default key: 'nesting'"],
    ['mp256: local:1/a.raw,mp=/a', 'mp256: no such mount point'],
    ['mp0: local:1/a.raw', 'mp0: no path in the container (mp)'],
    ['mp0: local:1/a.raw,mp=a', "mp0: mp is not a path in the container: 'a'"],
    ['mp0: local:1/a.raw,mp=/a/../../b', "mp0: mp is not a path in the container: '/a/../../b'"],
    ['mp0: local:1/a.raw,mp=/', "mp0: mp is not a path in the container: '/'"],
    ['mp0: a.raw,mp=/a', "mp0: 'a.raw' is neither a volume nor a path"],
    ['mp0: size=1G,mp=/a', "mp0: no volume in 'size=1G,mp=/a'"],
    ['mp0: local:1/a.raw,mp=/a,size=big', "mp0: not a size: 'big'"],
    ['mp0: local:1/a.raw,mp=/a,ro=perhaps', "mp0: ro: expected 0 or 1, got 'perhaps'"],
    ['net0: bridge=vmbr0', "net0: no interface name in 'bridge=vmbr0'"],
    ['net0: name=eth0,hwaddr=x', "net0: not a MAC address: 'x'"],
    ['net0: name=eth0,ip=10.0.0.1', "net0: ip is not an address with a prefix length: '10.0.0.1'"],
    ['net0: name=eth0,gw=there', "net0: gw is not an address: 'there'"],
    ['net0: name=eth0,tag=5000', "net0: tag is not a VLAN from 1 to 4094: '5000'"],
    ['net0: name=eth0,type=macvlan', "net0: type is not veth: 'macvlan'"],
    ['net0: name=an interface', "net0: not an interface name: 'an interface'"],
    ['net0: name=eth0,bridge=a b', "net0: not a bridge name: 'a b'"],
    ['unused0: nothing', "unused0: not a volume: 'nothing'"],
    ['dev0: ttyS0', "dev0: not the path of a device: 'ttyS0'"],
  ])('reports %j', (text, problem) => {
    expect(parseCtConfig(110, `rootfs: local:110/a.raw\n${text}`).problems).toEqual([problem]);
  });

  it('reports a container without a root file system', () => {
    expect(parseCtConfig(110, '').problems).toEqual(['rootfs: the container has none']);
  });
});
