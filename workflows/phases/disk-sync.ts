import { CancellationScope, condition, isCancellation } from '@temporalio/workflow';
import { messageOf } from '../../domain/errors.js';
import type { TargetEndpoints } from '../../domain/contracts/activities.js';
import type { MigrationRun } from '../run.js';

/** Copies the local disks until all mirrors are ready. Nothing to do when every disk is shared. */
export async function syncDisks(run: MigrationRun, endpoints: TargetEndpoints): Promise<void> {
  const { plan, planned, steps, state } = run;
  if (plan.disks.length === 0) return;
  state.enter('diskSync', `copying ${plan.disks.map(({ drive }) => drive).join(', ')} to ${plan.target}`);
  const steering = new CancellationScope();
  const steered = steering.run(() => steer(run)).catch((error: unknown) => {
    if (!isCancellation(error)) state.incident(`the disks' bandwidth was not changed: ${messageOf(error)}`);
  });
  try {
    await steps.source.syncDisks({ ...planned, endpoints });
  } finally {
    steering.cancel();
    await steered;
  }
}

/** What an operator asks for reaches the mirrors at once: they may run for hours. */
async function steer({ planned, state, steps }: MigrationRun): Promise<never> {
  for (;;) {
    await condition(() => state.wantsBandwidth);
    const step = state.takeOperatorStep();
    if (step?.action === 'set-bandwidth') await steps.source.limitBandwidth({ ...planned, bandwidthBytesPerSecond: step.bandwidthBytesPerSecond });
  }
}
