import { workflowInfo } from '@temporalio/workflow';
import type { ClusterFacts } from '../../domain/contracts/facts.js';
import type { MigrateRequest } from '../../domain/contracts/request.js';
import type { Refusal, Verdict } from '../../domain/contracts/plan.js';
import { checkPrerequisites } from '../../domain/prerequisites/index.js';
import type { MigrationPlan } from '../../domain/contracts/plan.js';
import { epochOf } from '../epoch.js';
import type { MigrationState } from '../state.js';
import { gatherFacts } from './gather.js';
import { wasReset } from './take-up.js';

/** Thrown with every reason at once; nothing has been touched. */
export class Refused extends Error {
  readonly refusals: readonly Refusal[];
  readonly warnings: readonly string[];

  constructor({ refusals, warnings }: Verdict) {
    super(refusals.map(({ sentence, remedy }) => `${sentence}${remedy === '' ? '' : ` (${remedy})`}`).join('\n'));
    this.name = 'Refused';
    this.refusals = refusals;
    this.warnings = warnings;
  }
}

/** Facts from cluster, source and target, then the pure checks. Throws `Refused`. */
export async function validate(request: MigrateRequest, cluster: ClusterFacts, state: MigrationState): Promise<{ plan: MigrationPlan; warnings: readonly string[] }> {
  state.enter('validating', `asking ${cluster.guest?.node ?? 'the cluster'} and ${request.target}`);
  const verdict = checkPrerequisites(await gatherFacts(request, withoutOwnLock(cluster), state), request);
  if (verdict.refusals.length > 0 || verdict.plan === null) throw new Refused(verdict);
  return { plan: verdict.plan, warnings: verdict.warnings };
}

/** After a reset of the workflow the guest may still hold the lock of this very migration. */
function withoutOwnLock(cluster: ClusterFacts): ClusterFacts {
  if (!wasReset(cluster, epochOf(workflowInfo()))) return cluster;
  const { guest } = cluster;
  return { ...cluster, lockOwner: null, guest: withoutLock(guest) };
}

function withoutLock(guest: ClusterFacts['guest']): ClusterFacts['guest'] {
  if (guest === null) return null;
  return guest.kind === 'qemu' ? { ...guest, config: { ...guest.config, lock: null } } : { ...guest, config: { ...guest.config, lock: null } };
}
