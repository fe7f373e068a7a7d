import { MigrationError, messageOf } from '../../domain/errors.js';
import type { CommitTimes, TargetEvidence } from '../../domain/contracts/activities.js';
import type { Epoch, EpochRef } from '../../domain/ids.js';
import type { ColdEndpoints } from '../../domain/contracts/cold.js';
import type { GuestRunState } from '../../domain/contracts/facts.js';
import type { ColdPlan } from '../../domain/contracts/plan.js';
import type { JournalEntry } from '../../domain/contracts/ports.js';
import { runsAsPlanned } from '../../domain/guest/runs-as-planned.js';
import { failpoint } from '../failpoint.js';
import type { ColdTargetDeps } from './target-deps.js';
import { cleanUpColdTarget, releaseColdTarget } from './target-end.js';
import { foldColdTarget, isWhole } from './target-journal.js';
import { ColdTargetSession } from './target-session.js';

/** The cold moves that come to this node, by epoch. One object per agent process. */
export class ColdTargetSessions {
  readonly #deps: ColdTargetDeps;
  readonly #sessions = new Map<Epoch, ColdTargetSession>();

  constructor(deps: ColdTargetDeps) {
    this.#deps = deps;
  }

  reserve(ref: EpochRef, plan: ColdPlan): Promise<ColdEndpoints> {
    return this.#of(ref, plan).reserve();
  }

  /** Arms, then waits until the guest was taken over here. Ending the wait leaves the node armed. */
  async arm(ref: EpochRef, plan: ColdPlan, endpoints: ColdEndpoints, signal: AbortSignal): Promise<CommitTimes> {
    await this.#deps.journal.requireCurrent(ref.vmid, ref.epoch);
    const gate = await this.#of(ref, plan).arm(endpoints);
    return gate.committed(signal);
  }

  /** How long nothing has been heard from the source, ms; null: nobody listens for it here. */
  sourceSilentMs({ epoch }: EpochRef): number | null {
    const heardAtMs = this.#sessions.get(epoch)?.sourceHeardAtMs ?? null;
    return heardAtMs === null ? null : performance.now() - heardAtMs;
  }

  async verifyRunning(ref: EpochRef, plan: ColdPlan): Promise<{ readonly state: GuestRunState }> {
    await this.#deps.journal.requireCurrent(ref.vmid, ref.epoch);
    const state = await this.#deps.power(plan.kind).state(ref.vmid);
    if (!runsAsPlanned(state, plan)) {
      throw new MigrationError('SwitchoverFailed', `verify guest failed: guest ${ref.vmid} on ${this.#deps.node}: expected ${plan.mode === 'restart' ? 'running' : 'stopped'}, got ${state}`);
    }
    return { state };
  }

  async finishCommit(ref: EpochRef, plan: ColdPlan): Promise<CommitTimes> {
    await this.#deps.journal.requireCurrent(ref.vmid, ref.epoch);
    return this.#of(ref, plan).finishCommit();
  }

  async release(ref: EpochRef): Promise<void> {
    await this.#end(ref);
    await releaseColdTarget(this.#deps, ref);
  }

  async cleanup(ref: EpochRef): Promise<void> {
    await this.#end(ref);
    await cleanUpColdTarget(this.#deps, ref);
  }

  /** In the words of a live migration: `completed` and `paused` is a guest of which every volume is here. */
  async evidence(ref: EpochRef, plan: ColdPlan): Promise<TargetEvidence> {
    const [entry, decision, state, owner] = await Promise.all([
      this.#deps.journal.read(ref.vmid, ref.epoch), this.#deps.token.read(ref.vmid, ref.epoch), this.#deps.power(plan.kind).state(ref.vmid), this.#deps.configs.find(ref.vmid),
    ]);
    const memory = entry === null ? null : foldColdTarget(entry);
    const whole = memory !== null && isWhole(memory) && memory.returning === null;
    return {
      node: this.#deps.node, qemu: state !== 'stopped' ? state : whole ? 'paused' : 'stopped', migrationStatus: whole ? 'completed' : null, decision,
      journalState: memory?.lastState ?? null, configHere: owner?.node === this.#deps.node,
    };
  }

  /** Before the agent polls Temporal: committed guests come to life or go back, the others are listened for again. */
  async recover(entries: readonly JournalEntry[]): Promise<readonly string[]> {
    return Promise.all(entries.map((entry) => this.#recoverOne(entry).catch((error: unknown) => `guest ${entry.vmid}: recovery of ${entry.epoch} failed: ${messageOf(error)}`)));
  }

  async disposeAll(): Promise<void> {
    await Promise.all([...this.#sessions.values()].map((session) => session.dispose()));
    this.#sessions.clear();
  }

  async #recoverOne(entry: JournalEntry): Promise<string> {
    const ref = { vmid: entry.vmid, epoch: entry.epoch };
    const { plan, endpoints, running } = foldColdTarget(entry);
    if (plan === null || endpoints === null) return `guest ${ref.vmid}: not ready yet`;
    if (running) return `guest ${ref.vmid}: taken over before`;
    await failpoint('cold.target.recover.before');
    const decision = await this.#deps.token.read(ref.vmid, ref.epoch);
    switch (decision) {
      case 'committed':
        return this.#of(ref, plan).finishCommit().then(() => `guest ${ref.vmid}: committed, taken over`, (error: unknown) => {
          if (error instanceof MigrationError && error.code === 'GuestReturned') return error.message;
          throw error;
        });
      case 'undecided':
        await this.#of(ref, plan).arm(endpoints);
        return `guest ${ref.vmid}: armed again`;
      case 'aborted':
      case 'none':
        return `guest ${ref.vmid}: ${decision}, waiting for its release`;
    }
  }

  #of(ref: EpochRef, plan: ColdPlan): ColdTargetSession {
    const known = this.#sessions.get(ref.epoch);
    if (known !== undefined) return known;
    const session = new ColdTargetSession(this.#deps, ref, plan);
    this.#sessions.set(ref.epoch, session);
    return session;
  }

  async #end(ref: EpochRef): Promise<void> {
    await this.#sessions.get(ref.epoch)?.end();
    this.#sessions.delete(ref.epoch);
  }
}
