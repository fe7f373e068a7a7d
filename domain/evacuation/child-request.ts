import { EVACUATION_PRIORITY } from '../admission/priority.js';
import type { EvacuationRequest, PlannedMove } from '../contracts/evacuation.js';
import type { MigrateRequest } from '../contracts/request.js';

export interface ChildContext {
  readonly bwlimitKiBps: number | null;
  /** Of the evacuation, for the record of the migration. */
  readonly workflowId: string;
}

/** What a migration is asked for as part of an evacuation. Live or offline is left to it: the guest may have been started or stopped since it was planned. */
export function childRequest(request: EvacuationRequest, { vmid, to, mode, kind, targetStorage }: PlannedMove, { bwlimitKiBps, workflowId }: ChildContext): MigrateRequest {
  const { migrationType, healthCheck } = request;
  return {
    vmid, target: to, withLocalDisks: true, force: false, priority: EVACUATION_PRIORITY, requestedBy: request.requestedBy,
    reason: request.reason === undefined ? partOf(workflowId) : `${request.reason} (${partOf(workflowId)})`,
    ...(targetStorage === undefined ? {} : { targetStorage }),
    ...(bwlimitKiBps === null ? {} : { bwlimitKiBps }),
    ...(migrationType === undefined ? {} : { migrationType }),
    ...(kind === 'lxc' && mode === 'restart' ? { restart: true } : {}),
    ...(kind === 'qemu' && mode === 'restart' ? { offlineShutdown: true } : {}),
    // Where the guest is started again its own migration asks first: it goes back when it does not answer.
    ...(mode === 'restart' && kind === 'lxc' && healthCheck !== undefined && healthCheck !== 'agent' ? { healthCheck } : {}),
  };
}

/** Whether a migration with this reason was asked for by that evacuation. */
export const isPartOf = (reason: string | null, workflowId: string): boolean => reason === partOf(workflowId) || reason?.endsWith(`(${partOf(workflowId)})`) === true;

const partOf = (workflowId: string): string => `part of ${workflowId}`;
