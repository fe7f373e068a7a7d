import type { TargetEndpoints } from '../../domain/contracts/activities.js';
import type { ColdEndpoints } from '../../domain/contracts/cold.js';
import type { MigrationRun } from '../run.js';
import { together } from '../together.js';
import { onNode } from './leave-behind.js';

/**
 * Opens the source's side and makes the target ready, at once. Both undos are noted before the first call: an answer may be lost.
 */
export async function reserve(run: MigrationRun): Promise<TargetEndpoints | ColdEndpoints> {
  const { plan, planned, steps, state } = run;
  state.enter('reserving', `preparing ${plan.source} and ${plan.target}`);
  noteReservation(run);
  const [, endpoints] = await together(
    () => steps.source.prepareSource(planned),
    () => steps.target.reserveTarget(planned),
  );
  run.admission?.done('prepare');
  return endpoints;
}

/** The source is undone first: the target's copy may only go when the guest runs on the source for certain. */
export function noteReservation(run: MigrationRun): void {
  const { ref, plan, planned, saga } = run;
  run.tokenPossible = true;
  saga.add(`release the reservation on ${plan.target}`, async () => {
    await run.armed?.disarm();
    await onNode(run, 'target', `release the reservation on ${plan.target}`, (s) => s.target.releaseReservation(ref));
  });
  saga.add(`roll back ${plan.source}`, () => onNode(run, 'source', `roll back ${plan.source}`, (s) => s.source.rollbackSource(planned)));
}
