import type { MigrationFacts } from '../../contracts/facts.js';
import type { ColdPlan } from '../../contracts/plan.js';
import type { MigrateRequest } from '../../contracts/request.js';

/**
 * Whether the guest stands still while it moves: a container always does, a VM when it is stopped, or when the operator wants it shut
 * down for the move. null: live.
 */
export function coldMode({ cluster, source }: MigrationFacts, request: MigrateRequest): ColdPlan['mode'] | null {
  const { guest } = cluster;
  if (guest === null) return null;
  const isStopped = source?.guest.state === 'stopped';
  if (guest.kind === 'lxc') return isStopped ? 'offline' : 'restart';
  if (isStopped) return 'offline';
  return request.offlineShutdown === true || request.restart === true ? 'restart' : null;
}
