import { resolveBandwidth } from '../../bandwidth.js';
import type { ColdPlan, TransportPlan } from '../../contracts/plan.js';
import { silencePolicy } from '../../silence/policy.js';
import { migrationAddresses } from '../check-network.js';
import { localVolumes, type ColdContext } from './context.js';
import { placeVolumes } from './place-volumes.js';

/** PVE: `pct migrate --timeout`, `qm shutdown --timeout`. */
const DEFAULT_STOP_TIMEOUT_SECONDS = 180;

/** The plan; null when a fact it needs is missing. */
export function buildColdPlan(context: ColdContext): ColdPlan | null {
  const { guest, mode, request, source, target, cluster } = context;
  const transport = planTransport(context);
  if (source === null || target === null || transport === null) return null;
  const volumes = placeVolumes(context).moves;
  const used = new Set([...localVolumes(context).map(({ storage }) => storage.id), ...volumes.map(({ targetStorage }) => targetStorage)]);
  return {
    vmid: request.vmid,
    name: guest.kind === 'lxc' ? guest.config.hostname : guest.config.name,
    source: guest.node,
    target: target.node,
    mode,
    kind: guest.kind,
    transport,
    volumes,
    stopTimeoutSeconds: request.shutdownTimeoutSeconds ?? DEFAULT_STOP_TIMEOUT_SECONDS,
    healthCheck: request.healthCheck ?? null,
    bandwidthBytesPerSecond: resolveBandwidth({
      requestKiBps: request.bwlimitKiBps, storages: cluster.storages.filter(({ id }) => used.has(id)), datacenter: cluster.datacenter, migrateSpeedMBps: null,
    }),
    silence: silencePolicy(request.silenceTimeoutSeconds),
  };
}

function planTransport(context: ColdContext): TransportPlan | null {
  const addresses = migrationAddresses(context)?.addresses ?? null;
  if (addresses === null) return null;
  return { type: context.request.migrationType ?? context.cluster.datacenter.migration.type, ...addresses, multifdChannels: 0 };
}
