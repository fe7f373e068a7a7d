import { MigrationError, messageOf } from '../../../domain/errors.js';
import type { CommitTimes, TargetEndpoints, TargetEvidence } from '../../../domain/contracts/activities.js';
import type { Epoch, EpochRef } from '../../../domain/ids.js';
import type { GuestRunState } from '../../../domain/contracts/facts.js';
import type { LivePlan } from '../../../domain/contracts/plan.js';
import type { JournalEntry } from '../../../domain/contracts/ports.js';
import { runsAsPlanned } from '../../../domain/guest/runs-as-planned.js';
import { failpoint } from '../../failpoint.js';
import { coldPlanOf } from '../../journal/entry-plan.js';
import { Monitor } from '../qmp/monitor.js';
import { lookAtQemu } from '../look.js';
import { letItSettleIn } from '../settle-in.js';
import { dropTlsCreds } from '../migration/tls-creds.js';
import { releaseReservation } from './release-reservation.js';
import type { TargetDeps } from './target-deps.js';
import { foldTarget } from './target-journal.js';
import { TargetSession } from './target-session.js';

/** The migrations that come to this node, by epoch. One object per agent process. */
export class TargetSessions {
  readonly #deps: TargetDeps;
  readonly #sessions = new Map<Epoch, TargetSession>();

  constructor(deps: TargetDeps) {
    this.#deps = deps;
  }

  reserve(ref: EpochRef, plan: LivePlan): Promise<TargetEndpoints> {
    return this.#of(ref, plan).reserve();
  }

  /** Arms, then waits until the guest was committed here. Ending the wait leaves the node armed. */
  async arm(ref: EpochRef, plan: LivePlan, endpoints: TargetEndpoints, signal: AbortSignal): Promise<CommitTimes> {
    await this.#deps.journal.requireCurrent(ref.vmid, ref.epoch);
    const gate = await this.#of(ref, plan).arm(endpoints);
    const times = await gate.committed(signal);
    await letItSettleIn(plan);
    return times;
  }

  /** How long nothing has been heard from the source, ms; null: nobody listens for it here. */
  sourceSilentMs({ epoch }: EpochRef): number | null {
    const heardAtMs = this.#sessions.get(epoch)?.sourceHeardAtMs ?? null;
    return heardAtMs === null ? null : performance.now() - heardAtMs;
  }

  async verifyRunning(ref: EpochRef, plan: LivePlan): Promise<{ readonly state: GuestRunState }> {
    await this.#deps.journal.requireCurrent(ref.vmid, ref.epoch);
    await failpoint('target.verify.before');
    const { state } = await lookAtQemu(this.#deps, ref.vmid);
    if (!runsAsPlanned(state, plan)) {
      throw new MigrationError('SwitchoverFailed', `verify guest failed: VM ${ref.vmid} on ${this.#deps.node}: expected ${plan.keepPaused ? 'paused' : 'running'}, got ${state}`);
    }
    await failpoint('target.verify.after');
    return { state };
  }

  async finishCommit(ref: EpochRef, plan: LivePlan): Promise<CommitTimes> {
    await this.#deps.journal.requireCurrent(ref.vmid, ref.epoch);
    return this.#of(ref, plan).finishCommit();
  }

  async release(ref: EpochRef): Promise<void> {
    await this.#end(ref);
    await releaseReservation(this.#deps, ref);
  }

  /** After the source is clean: sockets and key gone, journal closed. The guest is not touched. */
  async cleanup(ref: EpochRef): Promise<void> {
    const entry = await this.#deps.journal.read(ref.vmid, ref.epoch);
    if (entry === null || entry.closed) return;
    const { plan } = foldTarget(entry);
    await failpoint('target.cleanup.before');
    await this.#end(ref);
    if (plan?.transport.type === 'tls' && await this.#deps.qemuAlive(ref.vmid)) await this.#dropKey(ref);
    await this.#deps.clearRunDir(ref);
    await failpoint('target.cleanup.run-dir.after');
    await this.#deps.journal.close(ref.vmid, ref.epoch, 'finished');
    await failpoint('target.cleanup.closed.after');
  }

  async evidence(ref: EpochRef): Promise<TargetEvidence> {
    const [entry, decision, qemu, owner] = await Promise.all([
      this.#deps.journal.read(ref.vmid, ref.epoch), this.#deps.token.read(ref.vmid, ref.epoch), lookAtQemu(this.#deps, ref.vmid), this.#deps.configs.find(ref.vmid),
    ]);
    return {
      node: this.#deps.node, qemu: qemu.state, migrationStatus: qemu.migrationStatus, decision,
      journalState: entry === null ? null : foldTarget(entry).lastState, configHere: owner?.node === this.#deps.node,
    };
  }

  /** Before the agent polls Temporal: committed guests are brought to life, armed ones are listened for again. */
  async recover(): Promise<readonly string[]> {
    const entries = (await this.#deps.journal.openEntries()).filter((entry) => entry.role === 'target' && coldPlanOf(entry) === null);
    return Promise.all(entries.map((entry) => this.#recoverOne(entry).catch((error: unknown) => `VM ${entry.vmid}: recovery of ${entry.epoch} failed: ${messageOf(error)}`)));
  }

  async disposeAll(): Promise<void> {
    await Promise.all([...this.#sessions.values()].map((session) => session.dispose()));
    this.#sessions.clear();
  }

  async #recoverOne(entry: JournalEntry): Promise<string> {
    const ref = { vmid: entry.vmid, epoch: entry.epoch };
    const { plan, endpoints, armed, running } = foldTarget(entry);
    if (running) return `VM ${ref.vmid}: committed and started before`;
    if (plan === null || endpoints === null || !armed) return `VM ${ref.vmid}: not armed yet`;
    if (!(await this.#deps.qemuAlive(ref.vmid))) return `VM ${ref.vmid}: its QEMU is gone`;
    await failpoint('target.recover.before');
    const done = await this.#takeUp(ref, plan, endpoints);
    await failpoint('target.recover.after');
    return done;
  }

  async #takeUp(ref: EpochRef, plan: LivePlan, endpoints: TargetEndpoints): Promise<string> {
    const decision = await this.#deps.token.read(ref.vmid, ref.epoch);
    switch (decision) {
      case 'committed':
        await this.#of(ref, plan).finishCommit();
        return `VM ${ref.vmid}: committed, brought to life`;
      case 'undecided':
        await this.#of(ref, plan).arm(endpoints);
        return `VM ${ref.vmid}: armed again`;
      case 'aborted':
      case 'none':
        return `VM ${ref.vmid}: ${decision}, waiting for its release`;
    }
  }

  async #dropKey(ref: EpochRef): Promise<void> {
    const client = await this.#deps.connectDriveQmp(ref.vmid);
    try {
      await dropTlsCreds(new Monitor(client)).catch(() => undefined);
    } finally {
      client.close();
    }
  }

  #of(ref: EpochRef, plan: LivePlan): TargetSession {
    const known = this.#sessions.get(ref.epoch);
    if (known !== undefined) return known;
    const session = new TargetSession(this.#deps, ref, plan);
    this.#sessions.set(ref.epoch, session);
    return session;
  }

  async #end(ref: EpochRef): Promise<void> {
    await this.#sessions.get(ref.epoch)?.end();
    this.#sessions.delete(ref.epoch);
  }
}
