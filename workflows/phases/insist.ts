import { messageOf } from '../../domain/errors.js';
import { runsAsPlanned } from '../../domain/guest/runs-as-planned.js';
import { codeOf, failure } from '../failures.js';
import type { Steps } from '../proxies.js';
import type { MigrationRun } from '../run.js';
import { onNode } from './leave-behind.js';

/**
 * A step after which the source's copy may be destroyed: it is repeated until it has succeeded, or until the target says that the guest
 * runs there; `LeftBehind` when the target was fenced. Not even `StaleEpoch` lets it pass: without a guest that is known to run, nothing may be freed.
 */
export function insist(run: MigrationRun, what: string, attempt: (steps: Steps) => Promise<unknown>): Promise<void> {
  return onNode(run, 'target', what, async (steps) => {
    try {
      await attempt(steps);
    } catch (error) {
      if (codeOf(error) === 'StaleEpoch' && (await runsOnTarget(run, steps))) return;
      throw failure(waitingCode(error), `${messageOf(error)}${adviceFor(run, error)}`);
    }
  });
}

/** After a reset of the workflow: the node has closed this migration, so the guest was seen running there before. */
async function runsOnTarget({ ref, plan }: MigrationRun, steps: Steps): Promise<boolean> {
  const { configHere, qemu } = await steps.target.resolveTarget(ref);
  return configHere && (qemu === 'running' || runsAsPlanned(qemu, plan));
}

/** `persist` gives up on `StaleEpoch`. */
const waitingCode = (error: unknown): ReturnType<typeof codeOf> => (codeOf(error) === 'StaleEpoch' ? 'OwnershipUnknown' : codeOf(error));

function adviceFor({ plan: { vmid, source, target } }: MigrationRun, error: unknown): string {
  switch (codeOf(error)) {
    case 'StaleEpoch':
      return `; look where vm ${vmid} runs: nothing is freed on ${source} until it runs on ${target}`;
    case 'SwitchoverFailed':
    case 'GuestNotRunning':
      return `; it belongs to ${target}: if it was shut down, start it there (\`qm unlock ${vmid}\`, \`qm start ${vmid}\`)`;
    default:
      return '';
  }
}
