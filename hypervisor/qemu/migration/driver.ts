import { EventEmitter, once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { splitBudget } from '../../../domain/bandwidth.js';
import { MigrationError, messageOf } from '../../../domain/errors.js';
import type { PrecopyVisit, SwitchoverResult } from '../../../domain/contracts/activities.js';
import type { NextStep, RoundSample } from '../../../domain/convergence/decide.js';
import type { QemuAddress } from '../qmp/address.js';
import type { QmpEvent } from '../qmp/client.js';
import { pause } from '../wait.js';
import { toRoundSample } from './sample.js';
import type { DriverState, Steered } from './driver-state.js';
import { setMirrorBandwidth } from './mirror.js';
import { Pace } from './pace.js';
import { HOLD_BYTES_PER_SECOND, sourceSettings } from './settings.js';
import { handOver, switchToCompleted, type SwitchDeps } from './switch.js';
import { toSwitchoverResult } from './switch-result.js';

const FIGURES_INTERVAL_MS = 500;
/** A visit ends with a round, but rounds shorter than this share one. */
const MIN_VISIT_MS = 1000;
/** … and one long round takes several, so that the policy can act. */
const MAX_VISIT_MS = 10_000;

/** While the switch runs a visit waits for its end, but not longer than this. */
const QUIET_SWITCH_MS = 10_000;
const ASK_AGAIN_MS = 1000;

/**
 * Drives one memory migration from start to end and stays on duty between the workflow's visits: QEMU picks the
 * instant of the switch itself, so the driver acts at once within the permission it has. It owns the QMP connection.
 */
export class MemoryDriver {
  readonly #deps: SwitchDeps;
  readonly #changed = new EventEmitter();
  readonly #samples: RoundSample[] = [];
  #state: DriverState = { kind: 'idle' };
  #downtimeLimitMs: number;
  readonly #pace: Pace;
  #stoppedAtMs: number | null = null;
  #disposed = false;
  #permittedUntilMs = 0;
  readonly #unsubscribe: (() => void)[] = [];

  /** `steered`: limits that were set on the way, when this driver takes over from another. */
  constructor(deps: SwitchDeps, steered: Steered) {
    this.#deps = deps;
    this.#downtimeLimitMs = steered.downtimeLimitMs ?? deps.plan.policy.initialDowntimeLimitMs;
    const budget = steered.bandwidthBytesPerSecond === undefined ? deps.plan.bandwidthBytesPerSecond : steered.bandwidthBytesPerSecond;
    this.#pace = new Pace(deps.monitor, deps.handoff, ramShare(budget, deps.plan.disks.length), () => this.#state.kind === 'copying');
    this.#unsubscribe.push(deps.client.onEvent((event) => this.#onEvent(event)));
    this.#unsubscribe.push(deps.client.onClose(() => this.#end('MigrationFailed', 'the source QEMU ended')));
    this.#unsubscribe.push(() => this.#pace.dispose());
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
        this.#set({ kind: 'switching' });
        void this.#finish({ stoppedAtMs: performance.now(), seenAtMs: performance.now(), mirrorsFinishedAtMs: performance.now(), completedAtMs: performance.now() });
        return;
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
        await this.#pace.set(ramShare(step.bandwidthBytesPerSecond, this.#deps.plan.disks.length));
        return setMirrorBandwidth(this.#deps.monitor, this.#deps.plan.disks, splitBudget(step.bandwidthBytesPerSecond, 'precopy', this.#deps.plan.disks.length).perDisk);
      case 'abort':
        return this.#refuse(step.reason);
    }
  }

  /** `reason`: no decision could be written now, so no switch may begin; null: it may. */
  async holdWhile(reason: string | null): Promise<void> {
    if (this.#state.kind === 'copying') await this.#pace.holdWhile(reason);
  }

  /** Returns after the next round (or second) the caller has not seen, or at once when copying is over. */
  async visit(seenVisits: number, signal: AbortSignal, onFigures: (sample: RoundSample) => void): Promise<PrecopyVisit> {
    const stored = this.#samples[seenVisits];
    if (stored !== undefined && this.#state.kind === 'copying') return { kind: 'round', sample: stored };
    const begunAtMs = performance.now();
    const firstRound = this.#samples.at(-1)?.round ?? 0;
    let latest: RoundSample | null = null;
    for (;;) {
      if (this.#state.kind === 'ended') return { kind: 'ended', cause: this.#state.cause, sample: await this.#sampleIfAlive(seenVisits) };
      if (this.#state.kind === 'switched') return { kind: 'switching', sample: latest };
      if (this.#state.kind !== 'copying') {
        // A return would wake worker, server and workflow, and take their time from the guest's blackout.
        await pause({ intervalMs: QUIET_SWITCH_MS, signal, wake: (fn) => this.#onChange(fn) });
        if (this.state !== 'ended') return { kind: 'switching', sample: latest };
        continue;
      }
      const info = await this.#deps.monitor.queryMigrate();
      // Seen by asking: its event may have come before this driver took over.
      if (info.status === 'pre-switchover' && this.state === 'copying') void this.#onPreSwitchover(performance.now());
      const sample = toRoundSample(info, seenVisits + 1, this.#downtimeLimitMs, this.#pace.heldBecause);
      latest = sample;
      onFigures(sample);
      const visitMs = performance.now() - begunAtMs;
      if (visitMs >= MAX_VISIT_MS || (visitMs >= MIN_VISIT_MS && sample.round > firstRound)) {
        this.#samples[seenVisits] = sample;
        return { kind: 'round', sample };
      }
      await pause({ intervalMs: FIGURES_INTERVAL_MS, signal, wake: (fn) => this.#onChange(fn) });
    }
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
    if (event.event !== 'MIGRATION' || this.#state.kind !== 'copying') return;
    const status = event.data['status'];
    if (status === 'pre-switchover') void this.#onPreSwitchover(event.receivedAtMs);
    else if (status === 'failed' || status === 'cancelled') void this.#explainEnd(String(status));
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
      await this.#deps.monitor.migrateCancel().catch(() => undefined);
      this.#end('MigrationFailed', messageOf(error));
    }
  }

  async #finish(instants: { stoppedAtMs: number; seenAtMs: number; mirrorsFinishedAtMs: number; completedAtMs: number }): Promise<void> {
    try {
      for (;;) {
        const { answer, handedOverAtMs, answeredAtMs } = await handOver(this.#deps);
        if (answer.kind === 'committed') {
          const info = await this.#deps.monitor.queryMigrate();
          return this.#set({ kind: 'switched', result: toSwitchoverResult(info, { ...instants, handedOverAtMs, answeredAtMs }, answer) });
        }
        if (answer.decision === 'aborted') return this.#end('SwitchoverFailed', `the target refused the guest: ${answer.reason}`);
        // Undecided (no quorum), or committed and not finished: only the target can end that, so it is asked again.
        await sleep(ASK_AGAIN_MS);
        if (this.#disposed) return;
      }
    } catch (error) {
      this.#end('SwitchoverFailed', messageOf(error));
    }
  }

  /** Lets the guest run on: in `pre-switchover` that takes milliseconds and risks nothing. */
  async #refuse(cause: string): Promise<void> {
    await this.#deps.monitor.migrateCancel().catch(() => undefined);
    this.#end('SwitchoverRefused', cause);
  }

  async #explainEnd(status: string): Promise<void> {
    const description = await this.#deps.monitor.queryMigrate().then((info) => info.errorDesc, () => null);
    this.#end('MigrationFailed', `QEMU ended the migration as ${status}${description ? `: ${description}` : ''}`);
  }

  async #sampleIfAlive(seenVisits: number): Promise<RoundSample | null> {
    return this.#deps.monitor.queryMigrate().then((info) => toRoundSample(info, seenVisits + 1, this.#downtimeLimitMs, null), () => null);
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
    this.#changed.emit('changed');
  }

  #onChange(fn: () => void): () => void {
    this.#changed.on('changed', fn);
    return () => this.#changed.off('changed', fn);
  }
}

/** The mirrors' writes count against the same budget. */
const ramShare = (budget: number | null, disks: number): number | null => splitBudget(budget, 'precopy', disks).ram;
