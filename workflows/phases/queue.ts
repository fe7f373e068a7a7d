import type { OpenedRequest } from '../../domain/contracts/activities.js';
import type { MigrationPlan } from '../../domain/contracts/plan.js';
import type { SlotClass } from '../../domain/contracts/slots.js';
import { needsWithout, unneededBy } from '../../domain/admission/needs.js';
import { clusterSteps } from '../proxies.js';
import type { Admission } from '../slots/admission.js';
import type { MigrationState } from '../state.js';
import { timings } from '../timings.js';
import { validate } from './validate.js';

/**
 * Validates, and has the slots when it returns. Slots that are free were given when the request was opened, and cost no time. What was found out before a long wait
 * is found out again, from the beginning: the guest may have been moved, stopped or started meanwhile.
 */
export async function validateAndQueue(opened: OpenedRequest, state: MigrationState, admission: Admission): Promise<{ plan: MigrationPlan; warnings: readonly string[] }> {
  let unneeded: readonly SlotClass[] = [];
  for (let { request, cluster, slots = [], answers, atMs } = opened; ; ({ cluster, slots = [], answers, atMs } = await clusterSteps(request.vmid).openRequest(request))) {
    if (answers === undefined) admission.ask(needsWithout(slots, unneeded), atMs);
    else admission.asked(slots, answers);
    const verdict = await validate(request, cluster, state);
    unneeded = unneededBy(verdict.plan);
    admission.ask(needsWithout(slots, unneeded));
    if ((await admission.granted()) <= timings().factsFreshMs) return verdict;
  }
}
