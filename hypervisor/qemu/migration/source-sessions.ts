import { MigrationError, messageOf } from '../../../domain/errors.js';
import type { SourceEvidence } from '../../../domain/contracts/activities.js';
import type { Epoch, EpochRef, Vmid, Volid } from '../../../domain/ids.js';
import type { LivePlan } from '../../../domain/contracts/plan.js';
import type { JournalEntry } from '../../../domain/contracts/ports.js';
import type { DamagedEntry } from '../../../domain/contracts/reconcile.js';
import { failpoint } from '../../failpoint.js';
import { coldPlanOf } from '../../journal/entry-plan.js';
import { lookAtQemu } from '../look.js';
import { calmUndriven } from './calm.js';
import { cleanupSource } from './source-cleanup.js';
import type { SourceDeps } from './source-deps.js';
import { foldSource } from './source-journal.js';
import { rollbackSource } from './source-rollback.js';
import { SourceSession } from './source-session.js';

/** The migrations that leave this node, by epoch. One object per agent process. */
export class SourceSessions {
  readonly #deps: SourceDeps;
  readonly #sessions = new Map<Epoch, SourceSession>();
  /** Given up or over: a late attempt of theirs must not begin again. */
  readonly #over = new Set<Epoch>();

  constructor(deps: SourceDeps) {
    this.#deps = deps;
  }

  async prepare(ref: EpochRef, plan: LivePlan, workflowId?: string): Promise<void> {
    await this.#of(ref, plan).prepare(workflowId);
  }

  /** The session of an epoch that was prepared here. Throws `StaleEpoch` for any but the newest. */
  async current(ref: EpochRef, plan: LivePlan): Promise<SourceSession> {
    await this.#deps.journal.requireCurrent(ref.vmid, ref.epoch);
    return this.#of(ref, plan);
  }

  async rollback(ref: EpochRef, plan: LivePlan, signal: AbortSignal): Promise<void> {
    await this.#end(ref);
    await rollbackSource(this.#deps, ref, plan, signal);
  }

  async cleanup(ref: EpochRef, plan: LivePlan, options: { readonly keepDisks: boolean }): Promise<{ readonly freedVolids: readonly Volid[] }> {
    await this.#end(ref);
    return cleanupSource(this.#deps, ref, plan, options);
  }

  async evidence(ref: EpochRef): Promise<SourceEvidence> {
    const [entry, decision, qemu, owner] = await Promise.all([
      this.#deps.journal.read(ref.vmid, ref.epoch), this.#deps.token.read(ref.vmid, ref.epoch), lookAtQemu(this.#deps, ref.vmid), this.#deps.configs.find(ref.vmid),
    ]);
    return {
      node: this.#deps.node, qemu: qemu.state, migrationStatus: qemu.migrationStatus, decision,
      journalState: entry === null ? null : foldSource(entry).lastState, configHere: owner?.node === this.#deps.node,
    };
  }

  /**
   * Before the agent polls Temporal: goes back on duty for every migration that was under way when it died.
   * Returns a sentence for each.
   */
  async recover(): Promise<readonly string[]> {
    const entries = (await this.#deps.journal.openEntries()).filter((entry) => entry.role === 'source' && coldPlanOf(entry) === null);
    const failed = ({ vmid, epoch }: EpochRef) => (error: unknown): string => `VM ${vmid}: recovery of ${epoch} failed: ${messageOf(error)}`;
    const driven = new Set(entries.map(({ vmid }) => vmid));
    const undriven = (await this.#deps.journal.damagedEntries()).filter(({ vmid }) => !driven.has(vmid));
    return Promise.all([
      ...entries.map((entry) => this.#recoverOne(entry).catch(failed(entry))),
      ...undriven.map((entry) => this.#calmOne(entry).catch(failed(entry))),
    ]);
  }

  async disposeAll(): Promise<void> {
    await Promise.all([...this.#sessions.values()].map((session) => session.dispose({ keepTunnel: true })));
    this.#sessions.clear();
  }

  async #recoverOne(entry: JournalEntry): Promise<string> {
    const { vmid, epoch } = entry;
    const memory = foldSource(entry);
    if (memory.plan === null || memory.endpoints === null || !memory.migrating) return `VM ${vmid}: nothing was under way (${memory.lastState ?? 'opened'})`;
    if (!(await this.#deps.qemuAlive(vmid))) return `VM ${vmid}: its QEMU is gone`;
    await failpoint('source.recover.before');
    const session = this.#of({ vmid, epoch }, memory.plan);
    const driver = await session.driver(memory.endpoints, null, AbortSignal.timeout(30_000));
    await failpoint('source.recover.after');
    return `VM ${vmid}: back on duty (${driver.state})`;
  }

  /** Nobody can say any more what the journal said; the guest must not stand still for that. */
  async #calmOne({ vmid, problem }: DamagedEntry): Promise<string> {
    const done = (await this.#deps.qemuAlive(vmid)) ? await this.#calm(vmid) : null;
    return `VM ${vmid}: ${problem}${done === null ? '' : `; ${done}`}`;
  }

  async #calm(vmid: Vmid): Promise<string | null> {
    const client = await this.#deps.connectDriveQmp(vmid);
    try {
      return await calmUndriven(client);
    } finally {
      client.close();
    }
  }

  #of(ref: EpochRef, plan: LivePlan): SourceSession {
    const known = this.#sessions.get(ref.epoch);
    if (known !== undefined) return known;
    if (this.#over.has(ref.epoch)) throw new MigrationError('StaleEpoch', `go on failed: VM ${ref.vmid}: migration ${ref.epoch} is over on ${this.#deps.node}`);
    const session = new SourceSession(this.#deps, ref, plan);
    this.#sessions.set(ref.epoch, session);
    return session;
  }

  async #end(ref: EpochRef): Promise<void> {
    this.#over.add(ref.epoch);
    await this.#sessions.get(ref.epoch)?.dispose({ keepTunnel: false });
    this.#sessions.delete(ref.epoch);
  }
}
