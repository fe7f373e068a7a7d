import { MigrationError } from '../../../domain/errors.js';
import type { CtConfig } from '../../../domain/guest/ct-config.js';
import { includePath, type LxcHost, type LxcInclude } from '../host.js';
import { ctLogPath, type LxcPaths } from '../paths.js';
import { haltSignal } from './halt-signal.js';
import { limitLines } from './limits.js';
import { mountLine, type MountedSource } from './mounts.js';
import { networkLines } from './networks.js';

export interface LxcConfigOptions {
  readonly paths: LxcPaths;
  readonly host: LxcHost;
}

/** PVE's. */
const DEFAULT_TTYS = 2;
/** `root:100000:65536` of /etc/subuid: PVE's map of unprivileged containers. */
const ID_MAP = ['u 0 100000 65536', 'g 0 100000 65536'];

/**
 * The text of LXC's config file for a container. `rootfsPath` is a directory that holds its root file system, `mounts` says
 * where each mount point's content is on the node. LXC's defaults come first and the config's own `lxc.*` lines last, so
 * that an administrator's word counts. Throws `InvalidInput` for a value that would not stay on its line.
 */
export function buildLxcConfig(ct: CtConfig, rootfsPath: string, mounts: readonly MountedSource[], { paths, host }: LxcConfigOptions): string {
  const lines: (readonly [key: string, value: string | number])[] = [
    ...includesOf(ct).filter((name) => host.includes.includes(name)).map((name) => ['lxc.include', includePath(name)] as const),
    ...(host.includes.includes('common') ? [] : [['lxc.mount.auto', 'cgroup:mixed proc:mixed sys:mixed'] as const]),
    ['lxc.log.file', ctLogPath(paths, ct.vmid)],
    ['lxc.log.level', 'ERROR'],
    ['lxc.uts.name', ct.hostname],
    ['lxc.rootfs.path', `dir:${rootfsPath}`],
    ...(ct.rootfs?.readOnly === true ? [['lxc.rootfs.options', 'ro'] as const] : []),
    ['lxc.init.cmd', ct.values['entrypoint'] ?? '/sbin/init'],
    ['lxc.signal.halt', haltSignal(ct.ostype)],
    ['lxc.autodev', 1],
    ['lxc.tty.max', ct.values['tty'] ?? DEFAULT_TTYS],
    ['lxc.arch', ct.arch],
    ...appArmorLines(ct, host),
    ...(ct.unprivileged && !ct.lxc.some(({ key }) => key === 'lxc.idmap') ? ID_MAP.map((map) => ['lxc.idmap', map] as const) : []),
    ...(ct.features['fuse'] === '1' ? [['lxc.mount.entry', '/dev/fuse dev/fuse none bind,create=file,optional 0 0'] as const] : []),
    ...mounts.map((mounted) => ['lxc.mount.entry', mountLine(mounted)] as const),
    ...limitLines(ct, host),
    ...ct.nets.flatMap((net) => networkLines(ct.vmid, net)),
    ...ct.lxc.map(({ key, value }) => [key, value] as const),
  ];
  return lines.map(([key, value]) => line(ct, key, String(value))).join('');
}

function includesOf(ct: CtConfig): readonly LxcInclude[] {
  return ['common', ...(ct.unprivileged ? ['userns'] as const : []), ...(ct.features['nesting'] === '1' ? ['nesting'] as const : [])];
}

/** Without AppArmor in the kernel LXC refuses every profile but this one. */
function appArmorLines(ct: CtConfig, { appArmor }: LxcHost): (readonly [string, string | number])[] {
  if (!appArmor) return [['lxc.apparmor.profile', 'unconfined']];
  return [['lxc.apparmor.profile', 'generated'], ['lxc.apparmor.allow_nesting', ct.features['nesting'] === '1' ? 1 : 0]];
}

function line(ct: CtConfig, key: string, value: string): string {
  if (!/[\r\n\0]/.test(value)) return `${key} = ${value}\n`;
  throw new MigrationError('InvalidInput', `build config of CT ${ct.vmid} failed: ${key}: the value goes over several lines: ${JSON.stringify(value)}`, { vmid: ct.vmid, key });
}
