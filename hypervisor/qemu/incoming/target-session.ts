import { MigrationError } from '../../../domain/errors.js';
import type { CommitTimes, TargetEndpoints } from '../../../domain/contracts/activities.js';
import type { EpochRef } from '../../../domain/ids.js';
import type { LivePlan } from '../../../domain/contracts/plan.js';
import { failpoint } from '../../failpoint.js';
import type { HandoffServer } from '../../transport/handoff/server.js';
import type { QmpClient } from '../qmp/client.js';
import { Monitor } from '../qmp/monitor.js';
import { finishCommitted, prepareConfig } from './commit.js';
import { CommitGate } from './gate.js';
import { listenAgain, type ListenOn } from '../../transport/listen-spec.js';
import { reserveTarget } from './reserve.js';
import type { TargetDeps } from './target-deps.js';
import { foldTarget } from './target-journal.js';

/** One migration on its target node, from the reservation to the running guest. */
export class TargetSession {
  readonly #deps: TargetDeps;
  readonly #ref: EpochRef;
  readonly #plan: LivePlan;
  #over = false;
  #reserving: Promise<TargetEndpoints> | null = null;
  #gate: CommitGate | null = null;
  #arming: Promise<CommitGate> | null = null;
  #client: QmpClient | null = null;
  #server: HandoffServer | null = null;

  constructor(deps: TargetDeps, ref: EpochRef, plan: LivePlan) {
    this.#deps = deps;
    this.#ref = ref;
    this.#plan = plan;
  }

  /** Two attempts at once share one reservation. */
  reserve(): Promise<TargetEndpoints> {
    this.#reserving ??= this.#reserve().finally(() => { this.#reserving = null; });
    return this.#reserving;
  }

  /** Listens for HANDOVER from here on, whoever asks. */
  async arm(endpoints: TargetEndpoints): Promise<CommitGate> {
    if (this.#arming !== null) {
      await this.#arming.catch(() => undefined);
      // Its QEMU connection has ended: a gate that can never open again.
      if (this.client === null) await this.dispose();
    }
    this.#arming ??= this.#arm(listenAgain(endpoints.handoff)).catch((error: unknown) => {
      this.#arming = null;
      throw error;
    });
    return await this.#arming;
  }

  /**
   * Forward repair. `committed`: finishes what is left. `undecided`: the caller vouches for the source's HANDOVER (its
   * journal and its QEMU say `completed`), so the gate opens as if it had arrived here. Anything else: refused.
   */
  async finishCommit(): Promise<CommitTimes> {
    await failpoint('target.finish-commit.before');
    const times = await this.#finishCommit();
    await failpoint('target.finish-commit.after');
    return times;
  }

  async #finishCommit(): Promise<CommitTimes> {
    await this.#arming?.catch(() => undefined);
    const known = await this.#gate?.settled();
    if (known) return known;
    const decision = await this.#deps.token.read(this.#ref.vmid, this.#ref.epoch);
    if (decision === 'undecided') return this.#commitLate();
    if (decision !== 'committed') {
      throw new MigrationError('OwnershipUnknown', `finish commit failed: VM ${this.#ref.vmid}: the token says ${decision}; the guest may not run here`);
    }
    let opened: QmpClient | null = null;
    try {
      const times = await finishCommitted(this.#deps, this.#ref, this.#plan, async () => {
        const client = this.client ?? (opened = await this.#deps.connectDriveQmp(this.#ref.vmid));
        return new Monitor(client);
      });
      await this.#deps.journal.append(this.#ref.vmid, this.#ref.epoch, 'running');
      return times;
    } finally {
      (opened as QmpClient | null)?.close();
    }
  }

  /** Nothing of this epoch may be made here any more: a reservation under way stops before its next step. */
  async end(): Promise<void> {
    this.#over = true;
    await this.#reserving?.catch(() => undefined);
    await this.dispose();
  }

  async dispose(): Promise<void> {
    await this.#arming?.catch(() => undefined);
    await this.#server?.close();
    this.#client?.close();
    this.#server = null;
    this.#client = null;
    this.#gate = null;
    this.#arming = null;
  }

  /** When the source was last heard of (`performance.now()`); null: nobody listens for it. */
  get sourceHeardAtMs(): number | null {
    return this.#server?.heardAtMs ?? null;
  }

  /** The connection that is in use, if any: a QMP socket serves one client. */
  get client(): QmpClient | null {
    return this.#client !== null && !this.#client.closed ? this.#client : null;
  }

  /** Needs no listener: the caller brings the HANDOVER. */
  async #commitLate(): Promise<CommitTimes> {
    const gate = await this.#openGate();
    const answer = await gate.onHandover();
    if (answer.kind !== 'committed' || gate.times === null) {
      throw new MigrationError('SwitchoverFailed', `finish commit failed: VM ${this.#ref.vmid}: ${answer.kind === 'refused' ? answer.reason : 'no answer'}`);
    }
    return gate.times;
  }

  #reserve(): Promise<TargetEndpoints> {
    return reserveTarget(this.#deps, this.#ref, this.#plan, async (on) => {
      await this.dispose();
      this.#arming = this.#arm(on);
      await this.#arming.catch((error: unknown) => {
        this.#arming = null;
        throw error;
      });
      if (this.#server === null) throw new MigrationError('Internal', 'listen for the hand-over failed: no server');
      return this.#server.endpoint;
    }, () => this.#stillWanted());
  }

  async #arm(on: ListenOn): Promise<CommitGate> {
    const gate = await this.#openGate();
    await this.#deps.journal.append(this.#ref.vmid, this.#ref.epoch, 'armed');
    await failpoint('target.armed.before');
    this.#stillWanted();
    await this.#server?.close();
    this.#server = await this.#deps.listenForHandoff(this.#ref, this.#plan, on, () => gate.onHandover());
    await failpoint('target.armed.after');
    return gate;
  }

  /** One gate for as long as its connection to QEMU lives. */
  async #openGate(): Promise<CommitGate> {
    if (this.#gate !== null && this.client !== null) return this.#gate;
    const memory = foldTarget(await this.#deps.journal.requireCurrent(this.#ref.vmid, this.#ref.epoch));
    const config = await prepareConfig(this.#deps, this.#ref, this.#plan, memory);
    this.#client = await this.#deps.connectDriveQmp(this.#ref.vmid);
    this.#gate = new CommitGate(this.#deps, this.#ref, this.#plan, this.#client, config);
    return this.#gate;
  }

  #stillWanted(): void {
    if (this.#over) throw new MigrationError('StaleEpoch', `go on failed: VM ${this.#ref.vmid}: migration ${this.#ref.epoch} was given up on ${this.#deps.node}`);
  }
}
