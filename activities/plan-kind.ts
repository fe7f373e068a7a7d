import { isCold, type LivePlan, type MigrationPlan } from '../domain/contracts/plan.js';
import { MigrationError } from '../domain/errors.js';

/** The plan of a step that only a live migration has. */
export function livePlan(plan: MigrationPlan, step: string): LivePlan {
  if (!isCold(plan)) return plan;
  throw new MigrationError('Internal', `${step} failed: guest ${plan.vmid}: a guest that stands still while it moves has no such step`);
}
