import type { DiskMove, MigrationPlan, TransportPlan } from '../contracts/plan.js';
import type { NodeFacts } from '../contracts/facts.js';
import { resolveBandwidth } from '../bandwidth.js';
import {
  DEFAULT_DEADLINE_SECONDS, DEFAULT_DOWNTIME_BUDGET_MS, DEFAULT_DOWNTIME_LIMIT_MS, DEFAULT_MAX_CPU_THROTTLE_PERCENT,
  type ConvergencePolicy,
} from '../convergence/policy.js';
import type { VmConfig } from '../guest/vm-config.js';
import { silencePolicy } from '../silence/policy.js';
import { MIB } from '../units.js';
import type { CheckContext } from './context.js';
import { migrationAddresses } from './check-network.js';
import { migrateDowntimeMs, migrateSpeedMBps } from './config-numbers.js';
import { localDisks } from './drives.js';
import { placeDisks } from './place-disks.js';

const MULTIFD_CHANNELS = 4;
/** QEMU's maximum for `downtime-limit`; PVE caps at it too. */
const MAX_DOWNTIME_MS = 2_000_000;

/** The plan; null when a fact it needs is missing, which is then one of the refusals. */
export function buildPlan(context: CheckContext): MigrationPlan | null {
  const { vm, source, target, request } = context;
  const transport = planTransport(context);
  const machine = source?.guest.machine ?? null;
  if (vm === null || source === null || target === null || transport === null || machine === null) return null;
  const disks = placeDisks(context).moves;
  return {
    vmid: request.vmid,
    name: vm.config.name,
    source: vm.node,
    target: target.node,
    mode: 'live',
    transport,
    machine,
    keepPaused: source.guest.state !== 'running',
    memoryBytes: vm.config.memoryMiB * MIB,
    disks,
    bandwidthBytesPerSecond: planBandwidth(context, vm.config, disks),
    policy: planPolicy(context, vm.config),
    silence: silencePolicy(request.silenceTimeoutSeconds),
  };
}

function planTransport(context: CheckContext): TransportPlan | null {
  const { request, cluster, source, target } = context;
  const addresses = migrationAddresses(context)?.addresses ?? null;
  if (source === null || target === null || addresses === null) return null;
  const type = request.migrationType ?? cluster.datacenter.migration.type;
  return { type, ...addresses, multifdChannels: type === 'secure' ? 0 : multifdChannels(source, target) };
}

/** One stream through ssh: its one process is the ceiling anyway. No more channels than either node has CPUs to fill them. */
function multifdChannels(source: NodeFacts, target: NodeFacts): number {
  if (!source.multifd || !target.multifd) return 0;
  return Math.max(1, Math.min(MULTIFD_CHANNELS, source.cpuCount ?? MULTIFD_CHANNELS, target.cpuCount ?? MULTIFD_CHANNELS));
}

function planBandwidth({ request, cluster, drives }: CheckContext, config: VmConfig, disks: readonly DiskMove[]): number | null {
  const used = new Set([...localDisks(drives).map(({ storage }) => storage.id), ...disks.map(({ targetStorage }) => targetStorage)]);
  return resolveBandwidth({
    requestKiBps: request.bwlimitKiBps,
    storages: cluster.storages.filter(({ id }) => used.has(id)),
    datacenter: cluster.datacenter,
    migrateSpeedMBps: migrateSpeedMBps(config),
  });
}

/** Never 0 ms: to QEMU that means "switch without a last look at the dirty pages". */
function planPolicy({ request }: CheckContext, config: VmConfig): ConvergencePolicy {
  const configuredMs = migrateDowntimeMs(config);
  const wantedMs = request.downtimeLimitMs ?? Math.max(DEFAULT_DOWNTIME_BUDGET_MS, configuredMs ?? 0);
  const downtimeBudgetMs = Math.min(MAX_DOWNTIME_MS, Math.max(1, wantedMs));
  return {
    initialDowntimeLimitMs: Math.min(downtimeBudgetMs, Math.max(1, configuredMs ?? DEFAULT_DOWNTIME_LIMIT_MS)),
    downtimeBudgetMs,
    deadlineSeconds: request.convergenceDeadlineSeconds ?? DEFAULT_DEADLINE_SECONDS,
    maxCpuThrottlePercent: request.maxCpuThrottlePercent ?? DEFAULT_MAX_CPU_THROTTLE_PERCENT,
  };
}
