import type { MigrationFacts } from '../../contracts/facts.js';
import type { ColdPlan, Refusal, Verdict } from '../../contracts/plan.js';
import type { MigrateRequest } from '../../contracts/request.js';
import { isOlder } from '../versions.js';
import { checkCluster } from '../check-cluster.js';
import { checkLock } from '../check-lock.js';
import { checkBridges, checkAddresses } from '../check-network.js';
import { sharedButOffline } from '../check-storages.js';
import { refuse, withoutRepeats } from '../refuse.js';
import { buildColdPlan } from './build-plan.js';
import { checkRoom } from './check-room.js';
import { checkState, warnOfState } from './check-state.js';
import { checkVolumes } from './check-volumes.js';
import { createColdContext, type ColdContext, type ColdGuest } from './context.js';

/** As `checkPrerequisites`, for a guest that stands still while it moves. */
export function checkCold(facts: MigrationFacts, request: MigrateRequest, guest: ColdGuest, mode: ColdPlan['mode']): Verdict {
  const context = createColdContext(facts, request, guest, mode);
  const refusals = withoutRepeats([
    ...checkCluster(context), ...checkLock(context), ...checkState(context), ...checkVolumes(context), ...checkAddresses(context),
    // A stopped guest may go where its bridge is still to be made; one that starts again can't.
    ...(mode === 'restart' ? checkBridges(context) : []),
    ...checkEngine(context), ...checkRoom(context),
  ]);
  const warnings = [...warnOfState(context), ...warnOfShared(context)];
  if (refusals.length > 0) return { refusals, warnings, plan: null };
  const plan = buildColdPlan(context);
  return plan === null ? { refusals: [incomplete], warnings, plan } : { refusals, warnings, plan };
}

const warnOfShared = ({ volumes, source }: ColdContext): string[] =>
  (source === null ? [] : sharedButOffline(volumes.flatMap(({ storage }) => (storage?.shared === true ? [storage.id] : [])), source));

function checkEngine({ source, target }: ColdContext): Refusal[] {
  if (source === null || target === null || !isOlder(target.engineVersion, source.engineVersion)) return [];
  const sentence = `ferry ${target.engineVersion} on node '${target.node}' is older than ferry ${source.engineVersion} on node '${source.node}'`;
  return [refuse('engine-too-old', sentence, `upgrade ferry on ${target.node}`)];
}

const incomplete = refuse('facts-incomplete', 'the nodes did not say enough about themselves to plan the migration', 'check that both nodes run the same version of ferry');
