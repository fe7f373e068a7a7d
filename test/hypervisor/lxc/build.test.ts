import { parseCtConfig } from '../../../domain/guest/parse-ct-config.js';
import { buildLxcConfig } from '../../../hypervisor/lxc/config/build.js';
import type { LxcHost } from '../../../hypervisor/lxc/host.js';

const HOST: LxcHost = { cgroups: 'v1', limitsSwap: true, appArmor: false, includes: ['common', 'userns', 'nesting'] };
const paths = { lxcPath: '/var/lib/lxc', lxcRunDir: '/run/ferry-lxc' };

function build(text: string, host: Partial<LxcHost> = {}): string[] {
  const { config, problems } = parseCtConfig(110, `rootfs: local:110/subvol-110-disk-0.subvol\n${text}`);
  expect(problems).toEqual([]);
  const mounts = config.mountPoints.map((mount) => ({ mount, path: `/storage/${mount.name}` }));
  return buildLxcConfig(config, '/storage/root', mounts, { paths, host: { ...HOST, ...host } }).trimEnd().split('\n');
}

test('a whole config, in its order', () => {
  const text = [
    'ostype: debian', 'hostname: web', 'memory: 256', 'swap: 128', 'cores: 2', 'cpulimit: 0.5', 'cpuunits: 512',
    'mp0: fast:110/vm-110-disk-1.raw,mp=/data,ro=1,mountoptions=noatime;discard',
    'net0: name=eth0,bridge=vmbr0,hwaddr=02:30:00:00:00:6E,ip=10.30.0.110/24,gw=10.30.0.254,tag=12,mtu=1400',
    'net1: name=eth1,bridge=vmbr1,ip=dhcp,link_down=1', 'lxc.mount.entry: /srv srv none bind 0 0',
  ].join('\n');
  expect(build(text)).toEqual([
    'lxc.include = /usr/share/lxc/config/common.conf',
    'lxc.log.file = /run/ferry-lxc/110/log',
    'lxc.log.level = ERROR',
    'lxc.uts.name = web',
    'lxc.rootfs.path = dir:/storage/root',
    'lxc.init.cmd = /sbin/init',
    'lxc.signal.halt = SIGRTMIN+4',
    'lxc.autodev = 1',
    'lxc.tty.max = 2',
    'lxc.arch = amd64',
    'lxc.apparmor.profile = unconfined',
    'lxc.mount.entry = /storage/mp0 data none bind,create=dir,ro,noatime 0 0',
    `lxc.cgroup.memory.limit_in_bytes = ${256 * 1048576}`,
    `lxc.cgroup.memory.memsw.limit_in_bytes = ${384 * 1048576}`,
    'lxc.cgroup.cpu.cfs_period_us = 100000',
    'lxc.cgroup.cpu.cfs_quota_us = 50000',
    'lxc.cgroup.cpu.shares = 512',
    'lxc.net.0.type = veth',
    'lxc.net.0.link = vmbr0',
    'lxc.net.0.flags = up',
    'lxc.net.0.name = eth0',
    'lxc.net.0.veth.pair = veth110i0',
    'lxc.net.0.hwaddr = 02:30:00:00:00:6E',
    'lxc.net.0.mtu = 1400',
    'lxc.net.0.veth.vlan.id = 12',
    'lxc.net.0.ipv4.address = 10.30.0.110/24',
    'lxc.net.0.ipv4.gateway = 10.30.0.254',
    'lxc.net.1.type = veth',
    'lxc.net.1.flags = up',
    'lxc.net.1.name = eth1',
    'lxc.net.1.veth.pair = veth110i1',
    'lxc.mount.entry = /srv srv none bind 0 0',
  ]);
});

test.each([
  ['an unprivileged container has a map and the defaults for it', 'unprivileged: 1', {}, ['lxc.idmap = u 0 100000 65536', 'lxc.idmap = g 0 100000 65536', 'lxc.include = /usr/share/lxc/config/userns.conf']],
  ['init systems without systemd halt on SIGPWR', 'ostype: alpine', {}, ['lxc.signal.halt = SIGPWR']],
  ['another init', 'entrypoint: /bin/server --port 80', {}, ['lxc.init.cmd = /bin/server --port 80']],
  ['with AppArmor it is confined', 'features: nesting=1', { appArmor: true }, ['lxc.apparmor.profile = generated', 'lxc.apparmor.allow_nesting = 1', 'lxc.include = /usr/share/lxc/config/nesting.conf']],
  ['without nesting too', '', { appArmor: true }, ['lxc.apparmor.profile = generated', 'lxc.apparmor.allow_nesting = 0']],
  ["without LXC's defaults proc and sys are mounted all the same", '', { includes: [] }, ['lxc.mount.auto = cgroup:mixed proc:mixed sys:mixed']],
  ['cgroup v2', 'memory: 64\nswap: 0\ncpulimit: 1.5\ncpuunits: 100', { cgroups: 'v2' as const }, ['lxc.cgroup2.memory.max = 67108864', 'lxc.cgroup2.memory.swap.max = 0', 'lxc.cgroup2.cpu.max = 150000 100000', 'lxc.cgroup2.cpu.weight = 10']],
  ['a path with blanks', 'mp0: /srv/my data,mp=/srv/my data', {}, ['lxc.mount.entry = /storage/mp0 srv/my\\040data none bind,create=dir 0 0']],
  ['the fuse device', 'features: fuse=1', {}, ['lxc.mount.entry = /dev/fuse dev/fuse none bind,create=file,optional 0 0']],
])('%s', (_title, text, host, expected) => {
  expect(build(text, host)).toEqual(expect.arrayContaining(expected));
});

test('a root file system that is read-only', () => {
  const { config } = parseCtConfig(110, 'rootfs: local:110/subvol-110-disk-0.subvol,ro=1\n');
  expect(buildLxcConfig(config, '/r', [], { paths, host: HOST })).toContain('\nlxc.rootfs.options = ro\n');
});

test("the config's own map of ids replaces the default one, and its own keys come last", () => {
  const lines = build('unprivileged: 1\nlxc.idmap: u 0 200000 65536\nlxc.signal.halt: SIGUSR1');
  expect(lines.filter((line) => line.startsWith('lxc.idmap'))).toEqual(['lxc.idmap = u 0 200000 65536']);
  expect(lines.at(-1)).toBe('lxc.signal.halt = SIGUSR1');
});

test('no swap limit where the kernel has none', () => {
  expect(build('', { limitsSwap: false }).filter((line) => line.includes('memory'))).toEqual([`lxc.cgroup.memory.limit_in_bytes = ${512 * 1048576}`]);
});

test('a value that would begin another line is refused', () => {
  const { config } = parseCtConfig(110, 'rootfs: local:110/a.subvol\n');
  const broken = { ...config, hostname: 'web\nlxc.init.cmd = /evil' };
  expect(() => buildLxcConfig(broken, '/r', [], { paths, host: HOST })).toThrow(expect.objectContaining({ code: 'InvalidInput' }));
});
