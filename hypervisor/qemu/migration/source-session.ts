import { setTimeout as sleep } from 'node:timers/promises';
import { MigrationError, messageOf } from '../../../domain/errors.js';
import { failpoint } from '../../failpoint.js';
import type { DiskSyncReport, PrecopyInput, PrecopyVisit, SwitchoverResult, TargetEndpoints } from '../../../domain/contracts/activities.js';
import type { EpochRef } from '../../../domain/ids.js';
import type { LivePlan } from '../../../domain/contracts/plan.js';
import type { RoundSample } from '../../../domain/convergence/sample.js';
import type { Channels } from '../../transport/channels.js';
import type { QmpClient } from '../qmp/client.js';
import { Monitor } from '../qmp/monitor.js';
import { untilArmed } from '../../transport/handoff/until-armed.js';
import { syncDisks, type DiskSyncProgress } from './disk-sync.js';
import { MemoryDriver } from './driver.js';
import type { Steered } from './driver-state.js';
import type { SourceDeps } from './source-deps.js';
import { letItSettleIn } from '../settle-in.js';
import { foldSource } from './source-journal.js';
import { addTlsCreds } from './tls-creds.js';

const PROBE_TIMEOUT_MS = 2000;

/**
 * One migration on its source node, from the first connection to the hand-over. Every step looks at what is really
 * there (journal, QMP) before it acts, so a retry or a restarted agent goes on where the last one was.
 */
export class SourceSession {
  readonly ref: EpochRef;
  readonly plan: LivePlan;
  readonly #deps: SourceDeps;
  #connecting: Promise<QmpClient> | null = null;
  #opening: Promise<Channels> | null = null;
  #driving: Promise<MemoryDriver> | null = null;
  #driver: MemoryDriver | null = null;
  #over = false;
  #budgetBytesPerSecond: number | null;
  readonly #probe = new WriteProbe();

  constructor(deps: SourceDeps, ref: EpochRef, plan: LivePlan) {
    this.#deps = deps;
    this.ref = ref;
    this.plan = plan;
    this.#budgetBytesPerSecond = plan.bandwidthBytesPerSecond;
  }

  /** Opens the journal; from here on this node can undo. */
  async prepare(workflowId?: string): Promise<void> {
    await failpoint('source.journal.before');
    await this.#deps.journal.open(this.ref.vmid, this.ref.epoch, 'source', { plan: this.plan, ...(workflowId === undefined ? {} : { workflowId }) });
    await failpoint('source.journal.after');
    await Promise.all([this.qmp(), this.#deps.warmUp(this.ref, this.plan)]);
    await failpoint('source.connect.after');
  }

  async syncDisks(endpoints: TargetEndpoints, onProgress: (progress: DiskSyncProgress) => void, signal: AbortSignal): Promise<DiskSyncReport> {
    const [client, channels] = await Promise.all([this.qmp(), this.channels(endpoints)]);
    const monitor = new Monitor(client);
    if (channels.nbd === null) throw new MigrationError('MirrorFailed', 'mirror failed: the target offers no NBD server');
    const memory = foldSource(await this.#deps.journal.requireCurrent(this.ref.vmid, this.ref.epoch));
    // QEMU would stand still while it connects to a network that does not answer; a tunnel has connected already.
    if (!memory.mirroring && channels.tunnel === null) await untilArmed(channels.handoff, signal);
    this.#takeBudget(memory.steered);
    await this.#note('mirroring');
    await failpoint('source.mirrors.before');
    if (this.plan.transport.type === 'tls') await addTlsCreds(monitor, 'client', await this.#deps.tlsDir(this.ref));
    const report = await syncDisks({
      client, monitor, plan: this.plan, handoff: channels.handoff, nbd: channels.nbd, exports: endpoints.exports, budgetBytesPerSecond: () => this.#budgetBytesPerSecond,
    }, onProgress, signal);
    await failpoint('source.synced.after');
    await this.#note('mirrored', { copiedBytes: report.copiedBytes });
    await failpoint('source.mirrored.after');
    return report;
  }

  /** A new budget while disks are copied; the memory phase starts with it. */
  async limitBandwidth(bytesPerSecond: number | null): Promise<void> {
    const steered: Steered = { bandwidthBytesPerSecond: bytesPerSecond };
    await this.#note('steered', { ...steered });
    this.#takeBudget(steered);
  }

  async precopy(input: PrecopyInput, signal: AbortSignal, onFigures: (sample: RoundSample) => void): Promise<PrecopyVisit> {
    const driver = await this.driver(input.endpoints, input.decision.action === 'start' ? input.decision.downtimeLimitMs : null, signal);
    await driver.apply(input.decision);
    await driver.holdWhile(await this.#probe.reason(() => this.#deps.token.probeWritable(this.ref.vmid)));
    const visit = await driver.visit(input.seenVisits, signal, onFigures);
    if (visit.kind === 'round') await failpoint('source.round.after');
    const over = visit.kind === 'switching' && driver.state === 'switched';
    return over && input.takesResult === true ? { ...visit, result: await this.switchover(signal) } : visit;
  }

  async switchover(signal: AbortSignal): Promise<SwitchoverResult> {
    const memory = foldSource(await this.#deps.journal.requireCurrent(this.ref.vmid, this.ref.epoch));
    if (memory.endpoints === null) throw new MigrationError('SwitchoverFailed', 'switchover failed: this node never connected to the target');
    const driver = await this.driver(memory.endpoints, null, signal);
    const result = await driver.result(signal);
    await letItSettleIn(this.plan);
    await failpoint('source.switched.after');
    return { ...result, diskBytes: memory.copiedBytes };
  }

  /** The driver on duty: found, adopted, or started. */
  driver(endpoints: TargetEndpoints, downtimeLimitMs: number | null, signal: AbortSignal): Promise<MemoryDriver> {
    this.#driving ??= this.#makeDriver(endpoints, downtimeLimitMs, signal).catch((error: unknown) => {
      this.#driving = null;
      throw error;
    });
    return this.#driving;
  }

  async qmp(): Promise<QmpClient> {
    if (this.#connecting === null) {
      const connecting = this.#unlessOver(this.#deps.connectDriveQmp(this.ref.vmid), (client) => client.close());
      this.#connecting = connecting;
      connecting.then((client) => client.onClose(() => { this.#connecting = null; }), () => { this.#connecting = null; });
    }
    return this.#connecting;
  }

  channels(endpoints: TargetEndpoints): Promise<Channels> {
    this.#opening ??= this.#openChannels(endpoints).catch((error: unknown) => {
      this.#opening = null;
      throw error;
    });
    return this.#opening;
  }

  /** Lets go of everything in this process. `keepTunnel`: the stream goes on, for the agent that comes after this one. */
  async dispose({ keepTunnel }: { readonly keepTunnel: boolean }): Promise<void> {
    this.#over = true;
    await this.#driving?.catch(() => undefined);
    // Nobody is on duty until the next agent adopts the stream: it must not reach its switch meanwhile.
    if (keepTunnel) await this.#driver?.leave().catch(() => undefined);
    this.#driver?.dispose();
    this.#driver = null;
    this.#driving = null;
    const [channels, client] = await Promise.all([this.#opening?.catch(() => null), this.#connecting?.catch(() => null)]);
    this.#opening = null;
    this.#connecting = null;
    await (keepTunnel ? channels?.detach() : channels?.close());
    client?.close();
  }

  async #makeDriver(endpoints: TargetEndpoints, downtimeLimitMs: number | null, signal: AbortSignal): Promise<MemoryDriver> {
    const entry = await this.#deps.journal.requireCurrent(this.ref.vmid, this.ref.epoch);
    const client = await this.qmp();
    const monitor = new Monitor(client);
    const memory = foldSource(entry);
    // A guest that stands still can't wait for connections.
    if (memory.migrating && (await monitor.queryMigrate()).status === 'pre-switchover') await monitor.migrateCancel();
    const channels = await this.channels(endpoints);
    const { journal, token, configs, node } = this.#deps;
    const driver = new MemoryDriver({ client, monitor, journal, token, configs, node, handoff: channels.handoff, plan: this.plan, ref: this.ref }, memory.steered);
    this.#driver = driver;
    if (memory.migrating && !(await neverStarted(monitor))) {
      await driver.adopt();
      return driver;
    }
    await untilArmed(channels.handoff, signal);
    await this.#deps.token.probeWritable(this.ref.vmid);
    if (this.plan.transport.type === 'tls') await addTlsCreds(monitor, 'client', await this.#deps.tlsDir(this.ref));
    await this.#note('migrating');
    await failpoint('source.migrate.before');
    await driver.start(channels.ram, downtimeLimitMs ?? this.plan.policy.initialDowntimeLimitMs);
    await failpoint('source.migrate.after');
    return driver;
  }

  async #openChannels(endpoints: TargetEndpoints): Promise<Channels> {
    await this.#note('channels', { endpoints });
    await failpoint('source.channels.before');
    const channels = await this.#unlessOver(this.#deps.openChannels(this.ref, this.plan, endpoints), (late) => void late.close());
    await failpoint('source.channels.after');
    return channels;
  }

  /** What arrives after the end is closed again: nobody would ever close it otherwise. */
  async #unlessOver<T>(opening: Promise<T>, close: (late: T) => void): Promise<T> {
    const opened = await opening;
    if (!this.#over) return opened;
    close(opened);
    throw new MigrationError('StaleEpoch', `go on failed: VM ${this.ref.vmid}: migration ${this.ref.epoch} is over here`);
  }

  #takeBudget({ bandwidthBytesPerSecond }: Steered): void {
    if (bandwidthBytesPerSecond !== undefined) this.#budgetBytesPerSecond = bandwidthBytesPerSecond;
  }

  #note(state: string, data?: Readonly<Record<string, unknown>>): Promise<void> {
    return this.#deps.journal.append(this.ref.vmid, this.ref.epoch, state, data);
  }
}

/** The journal says `migrating` but the agent died before QEMU heard of it. */
async function neverStarted(monitor: Monitor): Promise<boolean> {
  const [{ status }, run] = await Promise.all([monitor.queryMigrate(), monitor.queryStatus()]);
  // A guest that once arrived by migration says `completed` until its first stream goes out.
  return status === null || status === 'none' || (status === 'completed' && run.status !== 'postmigrate');
}

/** At most one probe under way: a cluster file system that hangs would take every thread for files. */
class WriteProbe {
  #running: Promise<string | null> | null = null;

  /** Why no decision could be written now; null: it could. Answers within 2 s. */
  reason(probe: () => Promise<void>): Promise<string | null> {
    this.#running ??= probe().then(() => null, messageOf).finally(() => { this.#running = null; });
    const late = sleep(PROBE_TIMEOUT_MS, 'the cluster file system does not answer', { ref: false });
    return Promise.race([this.#running, late]);
  }
}
