import { setTimeout as sleep } from 'node:timers/promises';
import type { EpochRef, NodeName } from '../../domain/ids.js';
import type { CommitToken, GuestConfigStore, Journal } from '../../domain/contracts/ports.js';
import { MigrationError } from '../../domain/errors.js';
import { failpoint } from '../failpoint.js';
import type { HandoffAnswer, HandoffClient } from '../transport/handoff/client.js';

export interface HandOverDeps {
  readonly journal: Journal;
  readonly token: Pick<CommitToken, 'read'>;
  readonly configs: Pick<GuestConfigStore, 'find'>;
  readonly handoff: HandoffClient;
  /** This node. */
  readonly node: NodeName;
  readonly ref: EpochRef;
  /** Lets the guest go on here. Only called when that risks nothing. */
  resume(): Promise<void>;
}

/** The target's answer, with instants of this node's monotonic clock. */
export interface Committed {
  readonly answer: Extract<HandoffAnswer, { kind: 'committed' }>;
  readonly handedOverAtMs: number;
  readonly answeredAtMs: number;
}

const ASK_AGAIN_MS = 1000;

/**
 * Says HANDOVER until it is decided; the caller's copy is stopped for good. null: `given up` came first. Throws `SwitchoverFailed`
 * when the decision is `aborted`, whoever made it: the guest then goes on here.
 */
export async function handOverUntilDecided(deps: HandOverDeps, givenUp: () => boolean): Promise<Committed | null> {
  for (;;) {
    const said = await answerOrAborted(deps, givenUp);
    if (said === 'given up') return null;
    if (said === 'aborted') throw new MigrationError('SwitchoverFailed', 'the token says aborted, decided elsewhere; the guest runs on at the source');
    const { answer, handedOverAtMs, answeredAtMs } = said;
    if (answer.kind === 'committed') return { answer, handedOverAtMs, answeredAtMs };
    // Whether the token agrees or not: the workflow has to hear of it. A token that can't be read says nothing yet.
    if (answer.decision === 'aborted' && await goOnIfAborted(deps, givenUp).catch(() => null) !== null) {
      throw new MigrationError('SwitchoverFailed', `the target refused the guest: ${answer.reason}`);
    }
    // Undecided (no quorum), or committed and not finished: only the target can end that, so it is asked again.
    await sleep(ASK_AGAIN_MS);
    if (givenUp()) return null;
  }
}

interface Said {
  readonly answer: HandoffAnswer;
  readonly handedOverAtMs: number;
  readonly answeredAtMs: number;
}

/** The target's answer, or, while none comes, what the token says. */
async function answerOrAborted(deps: HandOverDeps, givenUp: () => boolean): Promise<Said | 'aborted' | 'given up'> {
  const answering = handOver(deps);
  answering.catch(() => undefined);
  for (;;) {
    const said = await Promise.race([answering, sleep(ASK_AGAIN_MS, null, { ref: false })]);
    if (said !== null) return said;
    if (givenUp()) return 'given up';
    // A token that can't be read, or a newer epoch here, is no decision of ours: the answer is waited for.
    if (await goOnIfAborted(deps, givenUp).catch(() => false)) return 'aborted';
  }
}

/** Journal first, then HANDOVER; resolves with the target's answer, however often the channel has to be re-made. */
async function handOver({ journal, ref, handoff }: HandOverDeps): Promise<Said> {
  await journal.append(ref.vmid, ref.epoch, 'handed-over');
  await failpoint('source.handed-over.after');
  const handedOverAtMs = performance.now();
  const answering = handoff.handOver({ completed: true });
  answering.catch(() => undefined);
  await failpoint('source.handover-sent.after');
  const answer = await answering;
  const answeredAtMs = performance.now();
  await failpoint('source.answered.after');
  return { answer, handedOverAtMs, answeredAtMs };
}

/**
 * A copy that was stopped for good may only go on here when the token says `aborted` (rule 2 of the handover protocol). This node
 * sees that with its own eyes and needs nobody's command: the guest must not stand still because the orchestrator is away.
 * False, and nothing done, when the token says anything else or the guest has found a home elsewhere meanwhile.
 */
async function goOnIfAborted({ token, configs, journal, node, ref, resume }: HandOverDeps, givenUp: () => boolean): Promise<boolean> {
  if (await token.read(ref.vmid, ref.epoch) !== 'aborted') return false;
  await journal.requireCurrent(ref.vmid, ref.epoch);
  const owner = await configs.find(ref.vmid);
  if (owner === null || owner.node !== node || givenUp()) return false;
  await resume();
  return true;
}
