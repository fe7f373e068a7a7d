import type { CtConfig } from '../../../domain/guest/ct-config.js';
import { MIB } from '../../../domain/units.js';
import type { LxcHost } from '../host.js';

type Line = readonly [key: string, value: string | number];

const PERIOD_MICROSECONDS = 100_000;
/** What one v1 share is in v2's weight: 1024 shares and a weight of 100 are both the kernel's default. */
const SHARES_PER_WEIGHT = 10.24;

/**
 * Memory, swap and CPU limits as cgroup keys. `cores` becomes processor time as `cpulimit` is: PVE pins CPUs instead, and a
 * service of its own spreads containers over them all the time.
 */
export function limitLines(ct: CtConfig, host: LxcHost): readonly Line[] {
  const memory = ct.memoryMiB * MIB;
  const cpus = Math.min(ct.cores ?? Infinity, ct.cpuLimit ?? Infinity);
  const quota = Number.isFinite(cpus) ? Math.max(1000, Math.round(cpus * PERIOD_MICROSECONDS)) : null;
  return host.cgroups === 'v2' ? v2(ct, memory, quota) : v1(ct, memory, quota, host);
}

/** The limit on memory and swap together may never be the lower one, so memory comes first. */
function v1(ct: CtConfig, memory: number, quota: number | null, { limitsSwap }: LxcHost): Line[] {
  return [
    ['lxc.cgroup.memory.limit_in_bytes', memory],
    ...(limitsSwap ? [['lxc.cgroup.memory.memsw.limit_in_bytes', memory + ct.swapMiB * MIB] as const] : []),
    ...(quota === null ? [] : [['lxc.cgroup.cpu.cfs_period_us', PERIOD_MICROSECONDS] as const, ['lxc.cgroup.cpu.cfs_quota_us', quota] as const]),
    ...(ct.cpuUnits === null ? [] : [['lxc.cgroup.cpu.shares', ct.cpuUnits] as const]),
  ];
}

function v2(ct: CtConfig, memory: number, quota: number | null): Line[] {
  return [
    ['lxc.cgroup2.memory.max', memory],
    ['lxc.cgroup2.memory.swap.max', ct.swapMiB * MIB],
    ...(quota === null ? [] : [['lxc.cgroup2.cpu.max', `${quota} ${PERIOD_MICROSECONDS}`] as const]),
    ...(ct.cpuUnits === null ? [] : [['lxc.cgroup2.cpu.weight', Math.min(10_000, Math.max(1, Math.round(ct.cpuUnits / SHARES_PER_WEIGHT)))] as const]),
  ];
}
