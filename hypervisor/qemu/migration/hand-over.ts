import { setTimeout as sleep } from 'node:timers/promises';
import type { SwitchoverResult } from '../../../domain/contracts/activities.js';
import { MigrationError } from '../../../domain/errors.js';
import { runOnAborted } from './run-on-aborted.js';
import { handOver, type SwitchDeps, type SwitchInstants } from './switch.js';
import { toSwitchoverResult } from './switch-result.js';

const ASK_AGAIN_MS = 1000;

/**
 * Says HANDOVER until it is decided. null: `given up` came first. Throws when the decision is `aborted`, whoever made it:
 * the guest then runs on here.
 */
export async function handOverUntilDecided(deps: SwitchDeps, instants: Omit<SwitchInstants, 'handedOverAtMs' | 'answeredAtMs'>, givenUp: () => boolean): Promise<SwitchoverResult | null> {
  for (;;) {
    const said = await answerOrAborted(deps, givenUp);
    if (said === 'given up') return null;
    if (said === 'aborted') throw new MigrationError('SwitchoverFailed', 'the token says aborted, decided elsewhere; the guest runs on at the source');
    const { answer, handedOverAtMs, answeredAtMs } = said;
    if (answer.kind === 'committed') {
      return toSwitchoverResult(await deps.monitor.queryMigrate(), { ...instants, handedOverAtMs, answeredAtMs }, answer);
    }
    // Whether the token agrees or not: the workflow has to hear of it. A token that can't be read says nothing yet.
    if (answer.decision === 'aborted' && await runOnAborted(deps, givenUp).catch(() => null) !== null) {
      throw new MigrationError('SwitchoverFailed', `the target refused the guest: ${answer.reason}`);
    }
    // Undecided (no quorum), or committed and not finished: only the target can end that, so it is asked again.
    await sleep(ASK_AGAIN_MS);
    if (givenUp()) return null;
  }
}

/** The target's answer, or, while none comes, what the token says. */
async function answerOrAborted(deps: SwitchDeps, givenUp: () => boolean): Promise<Awaited<ReturnType<typeof handOver>> | 'aborted' | 'given up'> {
  const answering = handOver(deps);
  answering.catch(() => undefined);
  for (;;) {
    const said = await Promise.race([answering, sleep(ASK_AGAIN_MS, null, { ref: false })]);
    if (said !== null) return said;
    if (givenUp()) return 'given up';
    // A token that can't be read, or a newer epoch here, is no decision of ours: the answer is waited for.
    if (await runOnAborted(deps, givenUp).catch(() => false)) return 'aborted';
  }
}
