import { EventEmitter, once } from 'node:events';
import { MigrationError, messageOf } from '../../../domain/errors.js';
import type { PrecopyVisit, SwitchoverResult } from '../../../domain/contracts/activities.js';
import type { NextStep, RoundSample } from '../../../domain/convergence/sample.js';
import type { QemuAddress } from '../qmp/address.js';
import type { QmpEvent } from '../qmp/client.js';
import { handOverUntilDecided } from '../../handover/until-decided.js';
import { toRoundSample } from './sample.js';
import type { DriverState, Steered } from './driver-state.js';
import { giveUp, hasCompleted } from './give-up.js';
import { Pace } from './pace.js';
import { HOLD_BYTES_PER_SECOND, sourceSettings } from './settings.js';
import { SilenceWatch } from './silence-watch.js';
import { streamsNow } from './streams.js';
import { toSwitchoverResult } from './switch-result.js';
import { switchToCompleted, type SwitchDeps, type SwitchInstants } from './switch.js';
import { Visits } from './visits.js';

/**
 * Drives one memory migration from start to end and stays on duty between the workflow's visits: QEMU picks the
 * instant of the switch itself, so the driver acts at once within the permission it has. It owns the QMP connection.
 */
export class MemoryDriver {
  readonly #deps: SwitchDeps;
  readonly #changed = new EventEmitter();
  #state: DriverState = { kind: 'idle' };
  /** Called off here, for a reason of its own: that QEMU then says `cancelled` is no news. */
  #goingBack = false;
  #downtimeLimitMs: number;
  readonly #pace: Pace;
  readonly #silence: SilenceWatch;
  readonly #visits: Visits;
  #stoppedAtMs: number | null = null;
  #disposed = false;
  #permittedUntilMs = 0;
  readonly #unsubscribe: (() => void)[] = [];

  /** `steered`: limits that were set on the way, when this driver takes over from another. */
  constructor(deps: SwitchDeps, steered: Steered) {
    this.#deps = deps;
    this.#downtimeLimitMs = steered.downtimeLimitMs ?? deps.plan.policy.initialDowntimeLimitMs;
    const budget = steered.bandwidthBytesPerSecond === undefined ? deps.plan.bandwidthBytesPerSecond : steered.bandwidthBytesPerSecond;
    this.#pace = new Pace(deps, budget, () => this.#state.kind === 'copying');
    this.#silence = new SilenceWatch({ ...deps, look: () => streamsNow(deps, this.#pace), onAbort: (silence) => void this.#giveUp(silence.message) });
    this.#visits = new Visits({ state: () => this.#state, onChange: (fn) => this.#onChange(fn), look: (visit) => this.#look(visit) });
    this.#unsubscribe.push(deps.client.onEvent((event) => this.#onEvent(event)));
    this.#unsubscribe.push(deps.client.onClose(() => this.#end('MigrationFailed', 'the source QEMU ended')));
    this.#unsubscribe.push(() => this.#pace.dispose(), () => this.#silence.stop(), deps.handoff.onLost(() => this.#onLost()));
  }

  get state(): DriverState['kind'] { return this.#state.kind; }

  /** Starts the stream. The caller has journaled it and seen the target armed. */
  async start(ram: QemuAddress, downtimeLimitMs: number): Promise<void> {
    this.#downtimeLimitMs = downtimeLimitMs;
    const settings = sourceSettings(this.#deps.plan, downtimeLimitMs, this.#pace.bytesPerSecond);
    await this.#deps.monitor.migrateSetCapabilities(settings.capabilities);
    await this.#deps.monitor.migrateSetParameters(settings.parameters);
    this.#permit();
    this.#set({ kind: 'copying' });
    await this.#deps.monitor.migrate(ram);
  }

  /** Takes over what a former agent left in QEMU. */
  async adopt(): Promise<void> {
    const [info, run] = await Promise.all([this.#deps.monitor.queryMigrate(), this.#deps.monitor.queryStatus()]);
    this.#permit();
    switch (info.status) {
      case 'completed':
        // Rolled back already: the guest runs here, and that is never handed over.
        if (run.status !== 'postmigrate') return this.#end('MigrationFailed', `the guest is ${run.status} on the source`);
        return this.#handOverCompleted();
      case 'pre-switchover':
      case 'device':
        await this.#refuse('the agent was restarted while the guest stood still');
        return;
      case 'setup':
      case 'active':
        this.#set({ kind: 'copying' });
        // Held since the last driver died (the dead man's switch does that).
        return this.#pace.apply();
      default:
        this.#end('MigrationFailed', `QEMU ended the migration as ${info.status ?? 'none'}${info.errorDesc ? `: ${info.errorDesc}` : ''}`);
    }
  }

  async apply(step: NextStep): Promise<void> {
    if (this.#state.kind !== 'copying') return;
    switch (step.action) {
      case 'start':
      case 'continue':
        return;
      case 'raise-downtime-limit':
        this.#downtimeLimitMs = step.downtimeLimitMs;
        await this.#remember({ downtimeLimitMs: step.downtimeLimitMs });
        return this.#deps.monitor.migrateSetParameters({ 'downtime-limit': step.downtimeLimitMs });
      case 'set-bandwidth':
        await this.#remember({ bandwidthBytesPerSecond: step.bandwidthBytesPerSecond });
        return this.#pace.set(step.bandwidthBytesPerSecond);
      case 'abort':
        return this.#refuse(step.reason);
    }
  }

  /** `reason`: no decision could be written now, so no switch may begin; null: it may. */
  async holdWhile(reason: string | null): Promise<void> {
    if (this.#state.kind === 'copying') await this.#pace.holdWhile(reason);
  }

  /** Returns after the next round (or second) the caller has not seen, or at once when copying is over. */
  visit(seenVisits: number, signal: AbortSignal, onFigures: (sample: RoundSample) => void): Promise<PrecopyVisit> {
    return this.#visits.next(seenVisits, signal, onFigures);
  }

  /** The switch's result. Throws what ended it instead. */
  async result(signal: AbortSignal): Promise<SwitchoverResult> {
    for (;;) {
      if (this.#state.kind === 'switched') return this.#state.result;
      if (this.#state.kind === 'ended') throw new MigrationError(this.#state.code, `switchover failed: ${this.#state.cause}`);
      await once(this.#changed, 'changed', { signal });
    }
  }

  /** Holds the stream for the driver that comes after this one. */
  async leave(): Promise<void> {
    if (this.#state.kind === 'copying') await this.#deps.monitor.migrateSetParameters({ 'max-bandwidth': HOLD_BYTES_PER_SECOND });
  }

  /** Stops acting; what QEMU does goes on. */
  dispose(): void {
    this.#disposed = true;
    for (const stop of this.#unsubscribe) stop();
    this.#unsubscribe.length = 0;
  }

  #onEvent(event: QmpEvent): void {
    if (event.event === 'STOP') this.#stoppedAtMs = event.receivedAtMs;
    if (event.event === 'RESUME') this.#stoppedAtMs = null;
    if (event.event !== 'MIGRATION' || this.#state.kind !== 'copying') return;
    const status = event.data['status'];
    if (status === 'pre-switchover') void this.#onPreSwitchover(event.receivedAtMs);
    else if ((status === 'failed' || status === 'cancelled') && !this.#goingBack) void this.#explainEnd(String(status));
  }

  /** Between STOP and `pre-switchover` QEMU waits for every write to reach the mirrors: a guest that stands still can't wait with it. */
  #onLost(): void {
    if (this.#stoppedAtMs !== null && this.#state.kind === 'copying') void this.#giveUp('the target agent does not answer, and the guest stands still');
  }

  async #onPreSwitchover(seenAtMs: number): Promise<void> {
    const stoppedAtMs = this.#stoppedAtMs ?? seenAtMs;
    const held = this.#pace.heldBecause;
    if (held !== null) return this.#refuse(held);
    if (performance.now() > this.#permittedUntilMs) return this.#refuse('the deadline for the switch is over');
    this.#set({ kind: 'switching' });
    try {
      const { mirrorsFinishedAtMs, completedAtMs } = await switchToCompleted(this.#deps, seenAtMs);
      await this.#finish({ stoppedAtMs, seenAtMs, mirrorsFinishedAtMs, completedAtMs });
    } catch (error) {
      await this.#goBack('MigrationFailed', messageOf(error));
    }
  }

  /** What had completed unseen; when, nobody knows. */
  #handOverCompleted(): void {
    const nowMs = performance.now();
    this.#set({ kind: 'switching' });
    void this.#finish({ stoppedAtMs: nowMs, seenAtMs: nowMs, mirrorsFinishedAtMs: nowMs, completedAtMs: nowMs });
  }

  async #finish(instants: Omit<SwitchInstants, 'handedOverAtMs' | 'answeredAtMs'>): Promise<void> {
    try {
      const { monitor, plan } = this.#deps;
      const resume = async (): Promise<void> => { if (!plan.keepPaused) await monitor.cont(); };
      const committed = await handOverUntilDecided({ ...this.#deps, resume }, () => this.#disposed);
      if (committed === null) return;
      const { answer, ...when } = committed;
      this.#set({ kind: 'switched', result: toSwitchoverResult(await monitor.queryMigrate(), { ...instants, ...when }, answer) });
    } catch (error) {
      this.#end('SwitchoverFailed', messageOf(error));
    }
  }

  /** Lets the guest run on: in `pre-switchover` that takes milliseconds and risks nothing. */
  #refuse(cause: string): Promise<void> {
    return this.#goBack('SwitchoverRefused', cause);
  }

  /** A cancel in `device` may come too late: then the copy here is over, and goes forward without waiting for a command. */
  async #goBack(code: 'MigrationFailed' | 'SwitchoverRefused', cause: string): Promise<void> {
    this.#goingBack = true;
    await giveUp(this.#deps);
    if (this.#state.kind !== 'ended' && (await hasCompleted(this.#deps.monitor))) return this.#handOverCompleted();
    this.#end(code, cause);
  }

  async #look(visit: number): Promise<RoundSample> {
    const info = await this.#deps.monitor.queryMigrate();
    // Seen by asking: its event may have come before this driver took over.
    if (info.status === 'pre-switchover' && this.state === 'copying') void this.#onPreSwitchover(performance.now());
    return toRoundSample(info, visit, this.#downtimeLimitMs, this.#silence.notice ?? this.#pace.heldBecause);
  }

  /** Ended first: whatever QEMU does meanwhile is no switch any more. */
  async #giveUp(silence: string): Promise<void> {
    this.#end('MigrationFailed', silence);
    await giveUp(this.#deps);
  }

  async #explainEnd(status: string): Promise<void> {
    const description = await this.#deps.monitor.queryMigrate().then((info) => info.errorDesc, () => null);
    await giveUp(this.#deps);
    this.#end('MigrationFailed', `QEMU ended the migration as ${status}${description ? `: ${description}` : ''}`);
  }

  #permit(): void {
    this.#permittedUntilMs = performance.now() + this.#deps.plan.policy.deadlineSeconds * 1000;
  }

  #remember(steered: Steered): Promise<void> {
    return this.#deps.journal.append(this.#deps.ref.vmid, this.#deps.ref.epoch, 'steered', { ...steered });
  }

  #end(code: 'MigrationFailed' | 'SwitchoverRefused' | 'SwitchoverFailed', cause: string): void {
    if (this.#state.kind === 'switched' || this.#state.kind === 'ended') return;
    this.#set({ kind: 'ended', code, cause });
  }

  #set(state: DriverState): void {
    this.#state = state;
    if (state.kind === 'copying') this.#silence.start();
    else this.#silence.stop();
    this.#changed.emit('changed');
  }

  #onChange(fn: () => void): () => void {
    this.#changed.on('changed', fn);
    return () => this.#changed.off('changed', fn);
  }
}
