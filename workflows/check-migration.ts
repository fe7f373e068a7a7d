/**
 * Says whether a migration would be refused, and how it would be done, without touching anything. Same input as `migrateGuest`:
 *
 * - open the request: parse the input, read the cluster
 * - ask both nodes at once
 * - every refusal and warning, and the plan
 */
import type { Verdict } from '../domain/contracts/plan.js';
import { checkPrerequisites } from '../domain/prerequisites/index.js';
import { peek } from './peek.js';
import { gatherFacts } from './phases/gather.js';
import { clusterSteps } from './proxies.js';

export async function checkMigration(raw: unknown): Promise<Verdict> {
  const { request, cluster } = await clusterSteps(peek(raw).vmid).openRequest(raw);
  return checkPrerequisites(await gatherFacts(request, cluster), request);
}
