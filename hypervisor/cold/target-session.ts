import { MigrationError } from '../../domain/errors.js';
import type { CommitTimes } from '../../domain/contracts/activities.js';
import type { EpochRef, Volid } from '../../domain/ids.js';
import type { ColdEndpoints } from '../../domain/contracts/cold.js';
import type { ColdPlan } from '../../domain/contracts/plan.js';
import { failpoint } from '../failpoint.js';
import { listenAgain, type ListenOn } from '../transport/listen-spec.js';
import type { HandoffServer } from '../transport/handoff/server.js';
import { ColdGate } from './gate.js';
import { makePlaces, requireBeginning } from './reserve.js';
import type { ColdTargetDeps, CopyServer } from './target-deps.js';
import { foldColdTarget } from './target-journal.js';

/** One cold move on its target node, from the reservation to the guest that is there. */
export class ColdTargetSession {
  readonly #deps: ColdTargetDeps;
  readonly #ref: EpochRef;
  readonly #plan: ColdPlan;
  readonly #gate: ColdGate;
  #over = false;
  #sealed = false;
  #reserving: Promise<ColdEndpoints> | null = null;
  #listening: Promise<ColdEndpoints> | null = null;
  #copies: CopyServer | null = null;
  #handoff: HandoffServer | null = null;

  constructor(deps: ColdTargetDeps, ref: EpochRef, plan: ColdPlan) {
    this.#deps = deps;
    this.#ref = ref;
    this.#plan = plan;
    this.#gate = new ColdGate(deps, ref, plan, () => this.#seal());
  }

  /** Two attempts at once share one reservation. */
  reserve(): Promise<ColdEndpoints> {
    this.#reserving ??= this.#reserve().finally(() => { this.#reserving = null; });
    return this.#reserving;
  }

  /** Listens from here on, whoever asks; where it did before. */
  async arm(endpoints: ColdEndpoints): Promise<ColdGate> {
    await this.#listen({ copy: listenAgain(endpoints.copy), handoff: listenAgain(endpoints.handoff) }, new Map(endpoints.volumes.map(({ volid, targetVolid }) => [volid, targetVolid])));
    return this.#gate;
  }

  /** As `ColdGate.finish`: the caller vouches for the source's HANDOVER. */
  finishCommit(): Promise<CommitTimes> {
    return this.#gate.finish();
  }

  /** Nothing of this epoch may be made here any more. */
  async end(): Promise<void> {
    this.#over = true;
    await this.#reserving?.catch(() => undefined);
    await this.dispose();
  }

  async dispose(): Promise<void> {
    await this.#listening?.catch(() => undefined);
    this.#listening = null;
    await Promise.all([this.#copies?.close(), this.#handoff?.close()]);
    this.#copies = null;
    this.#handoff = null;
  }

  get sourceHeardAtMs(): number | null {
    return this.#handoff?.heardAtMs ?? null;
  }

  async #reserve(): Promise<ColdEndpoints> {
    const memory = await requireBeginning(this.#deps, this.#ref, this.#plan);
    if (memory.endpoints !== null && this.#listening !== null) return memory.endpoints;
    this.#stillWanted();
    const places = await makePlaces(this.#deps, this.#ref, this.#plan, memory.places);
    if (this.#plan.transport.type !== 'secure') await this.#deps.token.createSecret(this.#ref.vmid, this.#ref.epoch);
    this.#stillWanted();
    await this.dispose();
    const endpoints = await this.#listen(await this.#deps.listenSpec(this.#ref, this.#plan), places);
    await failpoint('cold.target.token.before');
    await this.#deps.token.create(this.#ref.vmid, this.#ref.epoch);
    await failpoint('cold.target.token.after');
    await this.#deps.journal.append(this.#ref.vmid, this.#ref.epoch, 'ready', { endpoints });
    await failpoint('cold.target.ready.after');
    return endpoints;
  }

  #listen(on: { readonly copy: ListenOn; readonly handoff: ListenOn }, places: ReadonlyMap<Volid, Volid>): Promise<ColdEndpoints> {
    this.#listening ??= this.#open(on, places).catch((error: unknown) => {
      this.#listening = null;
      throw error;
    });
    return this.#listening;
  }

  async #open(on: { readonly copy: ListenOn; readonly handoff: ListenOn }, places: ReadonlyMap<Volid, Volid>): Promise<ColdEndpoints> {
    await this.#deps.journal.append(this.#ref.vmid, this.#ref.epoch, 'armed');
    this.#stillWanted();
    this.#copies = await this.#deps.serveCopies({
      ref: this.#ref, plan: this.#plan, on: on.copy, places,
      onWhole: async (volid, digest) => {
        await this.#deps.journal.append(this.#ref.vmid, this.#ref.epoch, 'whole', { volid, digest });
        await failpoint('cold.target.whole.after');
      },
      onTouched: async (volid) => {
        this.#requireUnsealed(volid);
        const memory = foldColdTarget(await this.#deps.journal.requireCurrent(this.#ref.vmid, this.#ref.epoch));
        if (memory.whole.has(volid)) await this.#deps.journal.append(this.#ref.vmid, this.#ref.epoch, 'touched', { volid });
        this.#requireUnsealed(volid);
      },
    });
    this.#handoff = await this.#deps.listenForHandoff(this.#ref, this.#plan, on.handoff, () => this.#gate.onHandover());
    return {
      copy: this.#copies.endpoint, handoff: this.#handoff.endpoint,
      volumes: [...places].map(([volid, targetVolid]) => ({ volid, targetVolid })),
    };
  }

  async #seal(): Promise<void> {
    this.#sealed = true;
    await this.#copies?.sever();
  }

  #requireUnsealed(volid: Volid): void {
    if (this.#sealed) throw new MigrationError('StaleEpoch', `receive volume failed: ${volid}: guest ${this.#ref.vmid} was handed over to ${this.#deps.node}, nothing is written any more`);
  }

  #stillWanted(): void {
    if (this.#over) throw new MigrationError('StaleEpoch', `go on failed: guest ${this.#ref.vmid}: migration ${this.#ref.epoch} was given up on ${this.#deps.node}`);
  }
}
