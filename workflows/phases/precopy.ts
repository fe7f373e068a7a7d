import { decideNextStep } from '../../domain/convergence/decide.js';
import type { NextStep } from '../../domain/convergence/sample.js';
import type { SwitchoverResult, TargetEndpoints } from '../../domain/contracts/activities.js';
import type { LivePlan } from '../../domain/contracts/plan.js';
import { failure } from '../failures.js';
import { eventsWritten } from '../history.js';
import type { MigrationRun } from '../run.js';
import { timings } from '../timings.js';

/**
 * Memory, round by round: each visit to the driver brings one round's figures, the policy answers with the next step.
 * Ends when the driver has begun the switch, with its result if it is over already; throws `NotConverging` or `MigrationFailed` while the guest runs on the source.
 */
export async function precopy(run: MigrationRun, plan: LivePlan, endpoints: TargetEndpoints): Promise<SwitchoverResult | null> {
  const { planned, state, steps } = run;
  state.enter('precopy', `copying memory to ${plan.target}`);
  run.switchPossible = true;
  let step = nextStep(run, plan);
  for (;;) {
    const seenVisits = state.samples.at(-1)?.visit ?? 0;
    const visit = await steps.source.precopy({ ...planned, endpoints, decision: step, seenVisits, takesResult: true });
    if (visit.kind === 'ended') throw failure('MigrationFailed', `migrate failed: vm ${plan.vmid}: ${visit.cause}`);
    if (visit.kind === 'switching') {
      if (visit.sample !== null) state.record(visit.sample, { action: 'continue', reason: 'the switch has begun' });
      return visit.result ?? null;
    }
    state.observe(visit.sample);
    step = nextStep(run, plan);
    state.record(visit.sample, step);
    if (step.action === 'abort') throw failure('NotConverging', `migrate failed: vm ${plan.vmid}: ${step.reason}`);
  }
}

/** The policy may give up; short of that, what the operator asked for goes first. */
function nextStep({ state }: MigrationRun, plan: LivePlan): NextStep {
  if (eventsWritten() > timings().maximumHistoryEvents) return { action: 'abort', reason: `not converging: the record of about ${eventsWritten()} events is full` };
  const decided = decideNextStep({ policy: state.policy ?? plan.policy, samples: state.samples });
  if (decided.action === 'abort' || decided.action === 'start') return decided;
  return state.takeOperatorStep() ?? decided;
}
