import type { MigrationFacts } from '../contracts/facts.js';
import type { Verdict } from '../contracts/plan.js';
import type { MigrateRequest } from '../contracts/request.js';
import { buildPlan } from './build-plan.js';
import { checkCapacity } from './check-capacity.js';
import { checkCluster } from './check-cluster.js';
import { checkCpu, warnOfCpu } from './check-cpu.js';
import { checkDrives } from './check-drives.js';
import { checkGuest } from './check-guest.js';
import { checkLeftBehind } from './check-left-behind.js';
import { checkLocalResources } from './check-local-resources.js';
import { checkLock } from './check-lock.js';
import { checkNetwork } from './check-network.js';
import { checkStorages, warnOfStorages } from './check-storages.js';
import { checkVersions } from './check-versions.js';
import { checkCold } from './cold/check-cold.js';
import { coldMode } from './cold/mode.js';
import { checkConfigNumbers } from './config-numbers.js';
import { createContext, type Check } from './context.js';
import { refuse, withoutRepeats } from './refuse.js';
import { warnOfConfig } from './warn-of-config.js';

/** In the order an operator reads them. */
const CHECKS: readonly Check[] = [
  checkCluster, checkLock, checkGuest, checkConfigNumbers, checkLocalResources, checkDrives, checkLeftBehind, checkStorages,
  checkNetwork, checkVersions, checkCpu, checkCapacity,
];
const WARNINGS = [warnOfStorages, warnOfCpu, warnOfConfig] as const;

/**
 * Whether this migration can be done: every reason against it at once, or, when there is none, the plan. Pure: nothing is
 * asked, nothing is touched. Without refusals there is always a plan.
 */
export function checkPrerequisites(facts: MigrationFacts, request: MigrateRequest): Verdict {
  const { guest } = facts.cluster;
  const mode = coldMode(facts, request);
  if (guest !== null && mode !== null) return checkCold(facts, request, guest, mode);
  const context = createContext(facts, request);
  const refusals = withoutRepeats(CHECKS.flatMap((check) => check(context)));
  const warnings = WARNINGS.flatMap((warn) => warn(context));
  if (refusals.length > 0) return { refusals, warnings, plan: null };
  const plan = buildPlan(context);
  return plan === null ? { refusals: [incomplete], warnings, plan } : { refusals, warnings, plan };
}

const incomplete = refuse('facts-incomplete', 'the nodes did not say enough about themselves to plan the migration', 'check that both nodes run the same version of ferry');
