import { MigrationError, messageOf } from '../../domain/errors.js';
import type { SourceEvidence } from '../../domain/contracts/activities.js';
import type { Epoch, EpochRef, Volid } from '../../domain/ids.js';
import type { ColdPlan } from '../../domain/contracts/plan.js';
import type { JournalEntry } from '../../domain/contracts/ports.js';
import { failpoint } from '../failpoint.js';
import { goOnHere } from './go-on-here.js';
import type { ColdSourceDeps } from './source-deps.js';
import { cleanUpColdSource, rollBackColdSource } from './source-end.js';
import { foldColdSource } from './source-journal.js';
import { ColdSourceSession } from './source-session.js';

/** The cold moves that leave this node, by epoch. One object per agent process. */
export class ColdSourceSessions {
  readonly #deps: ColdSourceDeps;
  readonly #sessions = new Map<Epoch, ColdSourceSession>();
  /** Given up or over: a late attempt of theirs must not begin again. */
  readonly #over = new Set<Epoch>();

  constructor(deps: ColdSourceDeps) {
    this.#deps = deps;
  }

  prepare(ref: EpochRef, plan: ColdPlan, workflowId?: string): Promise<void> {
    return this.#of(ref, plan).prepare(workflowId);
  }

  /** Throws `StaleEpoch` for any epoch but the newest of the guest here. */
  async current(ref: EpochRef, plan: ColdPlan): Promise<ColdSourceSession> {
    await this.#deps.journal.requireCurrent(ref.vmid, ref.epoch);
    return this.#of(ref, plan);
  }

  async rollback(ref: EpochRef, plan: ColdPlan): Promise<void> {
    await this.#end(ref);
    await rollBackColdSource(this.#deps, ref, plan);
  }

  async cleanup(ref: EpochRef, plan: ColdPlan, options: { readonly keepDisks: boolean }): Promise<{ readonly freedVolids: readonly Volid[] }> {
    await this.#end(ref);
    return cleanUpColdSource(this.#deps, ref, plan, options);
  }

  /** In the words of a live migration: `postmigrate` is a guest that was handed over, `prelaunch` one that is down and can be started. */
  async evidence(ref: EpochRef, plan: ColdPlan): Promise<SourceEvidence> {
    const [entry, decision, state, owner] = await Promise.all([
      this.#deps.journal.read(ref.vmid, ref.epoch), this.#deps.token.read(ref.vmid, ref.epoch), this.#deps.power(plan.kind).state(ref.vmid), this.#deps.configs.find(ref.vmid),
    ]);
    const memory = entry === null ? null : foldColdSource(entry);
    const down = memory?.lastState === 'handed-over' ? 'postmigrate' : 'prelaunch';
    return { node: this.#deps.node, qemu: state === 'stopped' ? down : state, migrationStatus: null, decision, journalState: memory?.lastState ?? null, configHere: owner?.node === this.#deps.node };
  }

  /** Before the agent polls Temporal: no guest stays down because its agent died. Returns a sentence for each move. */
  async recover(entries: readonly JournalEntry[]): Promise<readonly string[]> {
    return Promise.all(entries.map((entry) => this.#recoverOne(entry).catch((error: unknown) => `guest ${entry.vmid}: recovery of ${entry.epoch} failed: ${messageOf(error)}`)));
  }

  async disposeAll(): Promise<void> {
    await Promise.all([...this.#sessions.values()].map((session) => session.dispose({ keepTunnel: true })));
    this.#sessions.clear();
  }

  async #recoverOne(entry: JournalEntry): Promise<string> {
    const ref = { vmid: entry.vmid, epoch: entry.epoch };
    const { plan, endpoints, stopping, restarted, handedOver, lastState } = foldColdSource(entry);
    if (plan === null || endpoints === null || restarted) return `guest ${ref.vmid}: nothing to bring back (${lastState ?? 'opened'})`;
    await failpoint('cold.source.recover.before');
    if (handedOver) {
      void this.#of(ref, plan).switchOver(endpoints, () => undefined).catch(() => undefined);
      return `guest ${ref.vmid}: handed over before, saying so again`;
    }
    if (!stopping) return `guest ${ref.vmid}: was being copied, it goes on when it is asked for`;
    await goOnHere(this.#deps, ref, plan);
    return `guest ${ref.vmid}: was down for its move and is started again`;
  }

  #of(ref: EpochRef, plan: ColdPlan): ColdSourceSession {
    const known = this.#sessions.get(ref.epoch);
    if (known !== undefined) return known;
    if (this.#over.has(ref.epoch)) throw new MigrationError('StaleEpoch', `go on failed: guest ${ref.vmid}: migration ${ref.epoch} is over on ${this.#deps.node}`);
    const session = new ColdSourceSession(this.#deps, ref, plan);
    this.#sessions.set(ref.epoch, session);
    return session;
  }

  async #end(ref: EpochRef): Promise<void> {
    this.#over.add(ref.epoch);
    await this.#sessions.get(ref.epoch)?.dispose({ keepTunnel: false });
    this.#sessions.delete(ref.epoch);
  }
}
