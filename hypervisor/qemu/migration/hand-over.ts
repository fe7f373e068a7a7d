import { setTimeout as sleep } from 'node:timers/promises';
import type { SwitchoverResult } from '../../../domain/contracts/activities.js';
import { MigrationError } from '../../../domain/errors.js';
import { handOver, type SwitchDeps, type SwitchInstants } from './switch.js';
import { toSwitchoverResult } from './switch-result.js';

const ASK_AGAIN_MS = 1000;

/** Says HANDOVER until the target has decided. null: `given up` came first. Throws when the target refused the guest for good. */
export async function handOverUntilDecided(deps: SwitchDeps, instants: Omit<SwitchInstants, 'handedOverAtMs' | 'answeredAtMs'>, givenUp: () => boolean): Promise<SwitchoverResult | null> {
  for (;;) {
    const { answer, handedOverAtMs, answeredAtMs } = await handOver(deps);
    if (answer.kind === 'committed') {
      return toSwitchoverResult(await deps.monitor.queryMigrate(), { ...instants, handedOverAtMs, answeredAtMs }, answer);
    }
    if (answer.decision === 'aborted') throw new MigrationError('SwitchoverFailed', `the target refused the guest: ${answer.reason}`);
    // Undecided (no quorum), or committed and not finished: only the target can end that, so it is asked again.
    await sleep(ASK_AGAIN_MS);
    if (givenUp()) return null;
  }
}
