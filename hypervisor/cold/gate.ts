import { EventEmitter, once } from 'node:events';
import { MigrationError, messageOf } from '../../domain/errors.js';
import type { CommitTimes } from '../../domain/contracts/activities.js';
import type { EpochRef } from '../../domain/ids.js';
import type { ColdPlan } from '../../domain/contracts/plan.js';
import { failpoint } from '../failpoint.js';
import type { HandoffAnswer } from '../transport/handoff/client.js';
import { moveConfigBack, moveConfigHere } from './config-move.js';
import type { ColdTargetDeps } from './target-deps.js';
import { foldColdTarget, isWhole } from './target-journal.js';

/**
 * The target's fence of a cold move: takes the guest over only when it saw, for this epoch, every volume whole, a HANDOVER, and
 * `committed` on the token by its own rename. A guest that then does not come up is given back: its copy is ended here, the config goes
 * back to the source, and only then the token says `aborted`. A repeated HANDOVER gets the same answer.
 */
export class ColdGate {
  readonly #deps: ColdTargetDeps;
  readonly #ref: EpochRef;
  readonly #plan: ColdPlan;
  readonly #seal: () => Promise<void>;
  readonly #done = new EventEmitter();
  #answering: Promise<HandoffAnswer> | null = null;
  #times: CommitTimes | null = null;

  /** `seal`: from its end on nothing the source sends is written any more. */
  constructor(deps: ColdTargetDeps, ref: EpochRef, plan: ColdPlan, seal: () => Promise<void>) {
    this.#deps = deps;
    this.#ref = ref;
    this.#plan = plan;
    this.#seal = seal;
  }

  onHandover(): Promise<HandoffAnswer> {
    this.#answering ??= this.#answer().finally(() => { if (this.#times === null) this.#answering = null; });
    return this.#answering;
  }

  /** Resolves when the guest was taken over here. */
  async committed(signal: AbortSignal): Promise<CommitTimes> {
    while (this.#times === null) {
      await once(this.#done, 'changed', { signal });
    }
    return this.#times;
  }

  /** Forward repair, or the end of a return that was begun. Throws `GuestReturned` when the guest is the source's again. */
  async finish(): Promise<CommitTimes> {
    const answer = await this.onHandover();
    if (answer.kind === 'committed') return answer;
    if (answer.decision === 'aborted') throw new MigrationError('GuestReturned', answer.reason);
    throw new MigrationError('SwitchoverFailed', `finish commit failed: guest ${this.#ref.vmid}: ${answer.reason}`);
  }

  async #answer(): Promise<HandoffAnswer> {
    try {
      await failpoint('cold.target.handover.after');
      this.#times = await this.#takeOver();
      this.#done.emit('changed');
      await failpoint('cold.target.answer.before');
      return { kind: 'committed', ...this.#times };
    } catch (error) {
      const decision = await this.#deps.token.read(this.#ref.vmid, this.#ref.epoch).catch(() => 'undecided' as const);
      return { kind: 'refused', decision, reason: messageOf(error) };
    }
  }

  async #takeOver(): Promise<CommitTimes> {
    const { journal, token, node, lock } = this.#deps;
    const { vmid, epoch } = this.#ref;
    const begunAtMs = performance.now();
    // Before it is asked whether all is whole: a connection that a source has forgotten must not write into a guest that runs.
    await this.#seal();
    const [entry, owner] = await Promise.all([journal.requireCurrent(vmid, epoch), lock.owner(vmid)]);
    // Its last step is to unlock: from then on others may have started the guest, whatever the token says.
    if (owner?.epoch !== epoch) {
      throw new MigrationError('OwnershipUnknown', `commit failed: guest ${vmid}: its migration has ended without ${node}, and nothing is done to it here; it is started on the node that holds its config`);
    }
    const memory = foldColdTarget(entry);
    if (memory.returning !== null) throw await this.#giveBack(memory.returning);
    if (!isWhole(memory)) throw new MigrationError('SwitchoverFailed', `commit failed: guest ${vmid}: not every volume has arrived on ${node}`);
    await failpoint('cold.target.commit.before');
    const decision = await token.decide(vmid, epoch, 'committed');
    if (decision !== 'committed') throw new MigrationError('OwnershipUnknown', `commit failed: guest ${vmid}: the token says ${decision}; it stays on ${this.#plan.source}`, { decision });
    await failpoint('cold.target.committed.after');
    await moveConfigHere(this.#deps, this.#ref, this.#plan, memory.places);
    await failpoint('cold.target.config-moved.after');
    const committedAtMs = performance.now();
    if (this.#plan.mode === 'restart') await this.#start(memory.running);
    const runningAtMs = performance.now();
    return {
      commitMs: ms(committedAtMs - begunAtMs), resumeMs: ms(runningAtMs - committedAtMs), committedAt: new Date().toISOString(),
      state: await this.#deps.power(this.#plan.kind).state(vmid),
    };
  }

  async #start(wasRunning: boolean): Promise<void> {
    const power = this.#deps.power(this.#plan.kind);
    const { vmid, epoch } = this.#ref;
    try {
      if (!wasRunning) await this.#deps.journal.append(vmid, epoch, 'starting');
      await failpoint('cold.target.start.before');
      await power.start(vmid);
      await failpoint('cold.target.start.after');
      await power.health(vmid, this.#plan.healthCheck);
    } catch (error) {
      // It was well here once: what happens to it now is its owner's business, not a reason to go back to an old copy.
      if (wasRunning) throw error;
      throw await this.#giveBack(messageOf(error));
    }
    if (!wasRunning) await this.#deps.journal.append(vmid, epoch, 'running');
  }

  /** In this order: nothing of it runs here, the source has its config, the token says so. Each step may have been done before. */
  async #giveBack(reason: string): Promise<MigrationError> {
    const { journal, token } = this.#deps;
    const { vmid, epoch } = this.#ref;
    const memory = foldColdTarget(await journal.requireCurrent(vmid, epoch));
    if (memory.returning === null) await journal.append(vmid, epoch, 'returning', { reason });
    await failpoint('cold.target.return.before');
    await this.#deps.power(this.#plan.kind).end(vmid);
    await moveConfigBack(this.#deps, this.#ref, this.#plan, memory.places);
    await failpoint('cold.target.return.config.after');
    await token.giveBack(vmid, epoch);
    await failpoint('cold.target.returned.after');
    return new MigrationError('GuestReturned', `guest ${vmid} did not come up on ${this.#plan.target} and was given back to ${this.#plan.source}: ${reason}`);
  }
}

const ms = (value: number): number => Math.round(value * 100) / 100;
