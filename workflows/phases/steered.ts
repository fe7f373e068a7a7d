import { CancellationScope, condition, isCancellation } from '@temporalio/workflow';
import { messageOf } from '../../domain/errors.js';
import type { MigrationRun } from '../run.js';

/** Does the work while what an operator asks for reaches the copying at once: it may take hours. */
export async function steered<T>(run: MigrationRun, work: () => Promise<T>): Promise<T> {
  const steering = new CancellationScope();
  const listening = steering.run(() => steer(run)).catch((error: unknown) => {
    if (!isCancellation(error)) run.state.incident(`the bandwidth was not changed: ${messageOf(error)}`);
  });
  try {
    return await work();
  } finally {
    steering.cancel();
    await listening;
  }
}

async function steer({ planned, state, steps }: MigrationRun): Promise<never> {
  for (;;) {
    await condition(() => state.wantsBandwidth);
    const step = state.takeOperatorStep();
    if (step?.action === 'set-bandwidth') await steps.source.limitBandwidth({ ...planned, bandwidthBytesPerSecond: step.bandwidthBytesPerSecond });
  }
}
