import type { EvacuationRequest, PlannedMove } from '../contracts/evacuation.js';
import type { MigrateRequest } from '../contracts/request.js';

export interface ChildContext {
  readonly bwlimitKiBps: number | null;
  /** Of the evacuation, for the record of the migration. */
  readonly workflowId: string;
}

/** Among those who wait for a slot: single migrations (3) go first. */
const PRIORITY = 4;

/** What a migration is asked for as part of an evacuation. Live or offline is left to it: the guest may have been started or stopped since it was planned. */
export function childRequest(request: EvacuationRequest, { vmid, to, mode, kind, targetStorage }: PlannedMove, { bwlimitKiBps, workflowId }: ChildContext): MigrateRequest {
  const { migrationType, healthCheck } = request;
  return {
    vmid, target: to, withLocalDisks: true, force: false, priority: PRIORITY, requestedBy: request.requestedBy,
    reason: request.reason === undefined ? `part of ${workflowId}` : `${request.reason} (part of ${workflowId})`,
    ...(targetStorage === undefined ? {} : { targetStorage }),
    ...(bwlimitKiBps === null ? {} : { bwlimitKiBps }),
    ...(migrationType === undefined ? {} : { migrationType }),
    ...(kind === 'lxc' && mode === 'restart' ? { restart: true } : {}),
    ...(kind === 'qemu' && mode === 'restart' ? { offlineShutdown: true } : {}),
    // Where the guest is started again its own migration asks first: it goes back when it does not answer.
    ...(mode === 'restart' && kind === 'lxc' && healthCheck !== undefined && healthCheck !== 'agent' ? { healthCheck } : {}),
  };
}
