import { MigrationError } from '../../../domain/errors.js';
import type { EpochRef, NodeName } from '../../../domain/ids.js';
import type { LivePlan } from '../../../domain/contracts/plan.js';
import type { CommitToken, GuestConfigStore, Journal } from '../../../domain/contracts/ports.js';
import { failpoint } from '../../failpoint.js';
import type { HandoffClient } from '../../transport/handoff/client.js';
import type { QmpClient } from '../qmp/client.js';
import type { Monitor } from '../qmp/monitor.js';
import { giveUp } from './give-up.js';
import { finishMirrors } from './mirror.js';

export interface SwitchDeps {
  readonly client: QmpClient;
  readonly monitor: Monitor;
  readonly journal: Journal;
  readonly token: Pick<CommitToken, 'read'>;
  readonly configs: Pick<GuestConfigStore, 'find'>;
  readonly handoff: HandoffClient;
  /** This node. */
  readonly node: NodeName;
  readonly plan: LivePlan;
  readonly ref: EpochRef;
}

/** Instants on this node's monotonic clock (`performance.now()`), in the order they happen. */
export interface SwitchInstants {
  readonly stoppedAtMs: number;
  readonly seenAtMs: number;
  readonly mirrorsFinishedAtMs: number;
  readonly completedAtMs: number;
  readonly handedOverAtMs: number;
  readonly answeredAtMs: number;
}

/** A guest stands still: what takes longer than its budget, twice, and this on top will not come to an end. */
const COMPLETE_PATIENCE_MS = 10_000;

/**
 * The blackout's source half, from `pre-switchover` to `completed`: nothing stands here that does not have to.
 * Throws when QEMU does not reach `completed`; QEMU then lets the guest run on by itself, which is safe because
 * HANDOVER is only ever sent after `completed`.
 */
export async function switchToCompleted(deps: SwitchDeps, seenAtMs: number): Promise<CompletedInstants> {
  await failpoint('source.pre-switchover.after');
  // Before `completed` the source may go back at once: a link that is cut now need not hold the guest.
  const stopWatching = deps.handoff.onLost(() => void giveUp(deps));
  const instants = await untilCompleted(deps, seenAtMs).catch((error: unknown) => {
    throw deps.handoff.armed ? error : new MigrationError('TransportFailed', `switchover failed: ${deps.handoff.trouble?.message ?? 'the target agent does not answer'}`, {}, error);
  }).finally(stopWatching);
  await failpoint('source.completed.after');
  return instants;
}

const isEnd = (status: unknown): boolean => status === 'completed' || status === 'failed' || status === 'cancelled';

type CompletedInstants = Pick<SwitchInstants, 'mirrorsFinishedAtMs' | 'completedAtMs'>;

async function untilCompleted(deps: SwitchDeps, seenAtMs: number): Promise<CompletedInstants> {
  await finishMirrors(deps, deps.plan.disks);
  await failpoint('source.mirrors-finished.after');
  const mirrorsFinishedAtMs = deps.plan.disks.length === 0 ? seenAtMs : performance.now();
  const patienceMs = COMPLETE_PATIENCE_MS + 2 * deps.plan.policy.downtimeBudgetMs;
  const ended = deps.client.waitForEvent((e) => e.event === 'MIGRATION' && isEnd(e.data['status']), patienceMs);
  await Promise.all([deps.monitor.migrateContinue('pre-switchover'), ended]);
  const event = await ended;
  if (event.data['status'] === 'completed') return { mirrorsFinishedAtMs, completedAtMs: event.receivedAtMs };
  throw new MigrationError('MigrationFailed', `switchover failed: QEMU ended the migration as ${String(event.data['status'])}; the guest runs on the source`);
}
