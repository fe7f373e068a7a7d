import type { EpochRef } from '../../domain/ids.js';
import type { ColdEndpoints, ColdSwitchResult, VolumeSync, VolumeSyncReport } from '../../domain/contracts/cold.js';
import type { ColdPlan } from '../../domain/contracts/plan.js';
import { MigrationError, messageOf } from '../../domain/errors.js';
import { failpoint } from '../failpoint.js';
import { handOverUntilDecided } from '../handover/until-decided.js';
import type { ColdWays } from '../transport/cold-ways.js';
import { untilArmed } from '../transport/handoff/until-armed.js';
import { goOnHere } from './go-on-here.js';
import { LetGo } from './let-go.js';
import { copyVolumes, onceEach, type CopyProgress } from './passes.js';
import type { ColdSourceDeps } from './source-deps.js';
import { foldColdSource } from './source-journal.js';
import { Stopwatch } from './stopwatch.js';

/** One more pass while the guest runs pays when the last one gave it so long to write. */
const WORTH_ANOTHER_PASS_MS = 2000;
const MAX_PRESYNC_PASSES = 2;

/** One cold move on its source node, from the first copy until the target has answered. Outlives the activities that visit it. */
export class ColdSourceSession {
  readonly #deps: ColdSourceDeps;
  readonly ref: EpochRef;
  readonly plan: ColdPlan;
  #opening: Promise<ColdWays> | null = null;
  #switching: Promise<ColdSwitchResult> | null = null;
  #over = false;
  #handedOver = false;
  readonly #calledOff = new AbortController();
  readonly #letGo = new LetGo();
  #budgetBytesPerSecond: number | null;
  #syncs: readonly VolumeSync[] = [];
  readonly #noteSnapshots = onceEach((volid) => this.#note('snapshots', { volid }));

  constructor(deps: ColdSourceDeps, ref: EpochRef, plan: ColdPlan) {
    this.#deps = deps;
    this.ref = ref;
    this.plan = plan;
    this.#budgetBytesPerSecond = plan.bandwidthBytesPerSecond;
  }

  /** Opens the journal; from here on this node can undo. */
  async prepare(workflowId?: string): Promise<void> {
    await failpoint('cold.source.journal.before');
    await this.#deps.journal.open(this.ref.vmid, this.ref.epoch, 'source', { plan: this.plan, ...(workflowId === undefined ? {} : { workflowId }) });
    await failpoint('cold.source.journal.after');
    await this.#deps.warmUp(this.ref, this.plan);
  }

  /** Before the guest is stopped, if it runs: what is copied now need not be copied then. */
  async syncVolumes(endpoints: ColdEndpoints, onProgress: CopyProgress, signal: AbortSignal): Promise<VolumeSyncReport> {
    const ways = await this.ways(endpoints);
    await untilArmed(ways.handoff, signal);
    const stop = AbortSignal.any([signal, this.#calledOff.signal]);
    if (this.plan.mode === 'offline') await this.#requireStopped();
    await this.#note('copying');
    await failpoint('cold.source.copy.before');
    const begunAtMs = performance.now();
    let passes = 0;
    for (;;) {
      const passBegunAtMs = performance.now();
      passes += 1;
      // Nobody writes to a stopped guest's volumes: one pass is all.
      this.#syncs = await this.#pass(endpoints, this.plan.mode === 'offline', onProgress, stop);
      const again = this.plan.mode === 'restart' && passes < MAX_PRESYNC_PASSES && performance.now() - passBegunAtMs > WORTH_ANOTHER_PASS_MS;
      if (!again) break;
    }
    await failpoint('cold.source.copied.before');
    await this.#note('copied');
    await failpoint('cold.source.copied.after');
    return { elapsedMs: Math.round(performance.now() - begunAtMs), passes, volumes: this.#syncs };
  }

  /** One switch, whoever asks and however often: it does not end with the activity that began it. */
  switchOver(endpoints: ColdEndpoints, onProgress: CopyProgress): Promise<ColdSwitchResult> {
    const switching = this.#switching ??= this.#switch(endpoints, onProgress, this.#calledOff.signal);
    // What fails before the hand-over is over. Afterwards it has to be said until it is answered.
    switching.catch(() => { if (this.#handedOver && this.#switching === switching) this.#switching = null; });
    return this.#letGo.waitFor(switching);
  }

  /** Until the hand-over the guest can go on here. Afterwards only who waits for it is let go: who owns the guest then is for the workflow to settle. */
  callOff(): void {
    this.#calledOff.abort();
  }

  limitBandwidth(bytesPerSecond: number | null): Promise<void> {
    this.#budgetBytesPerSecond = bytesPerSecond;
    return this.#note('steered', { bandwidthBytesPerSecond: bytesPerSecond });
  }

  ways(endpoints: ColdEndpoints): Promise<ColdWays> {
    const opening = this.#opening ??= this.#open(endpoints);
    opening.catch(() => { if (this.#opening === opening) this.#opening = null; });
    return opening;
  }

  /** Lets go of everything in this process. */
  async dispose({ keepTunnel }: { readonly keepTunnel: boolean }): Promise<void> {
    this.#over = true;
    this.callOff();
    const ways = await this.#opening?.catch(() => null);
    this.#opening = null;
    await (keepTunnel ? ways?.detach() : ways?.close());
    await this.#switching?.catch(() => undefined);
  }

  async #switch(endpoints: ColdEndpoints, onProgress: CopyProgress, signal: AbortSignal): Promise<ColdSwitchResult> {
    const memory = foldColdSource(await this.#deps.journal.requireCurrent(this.ref.vmid, this.ref.epoch));
    const watch = new Stopwatch();
    if (memory.restarted) throw this.#failed('the guest was started again here');
    if (memory.handedOver) return this.#handOver(endpoints, watch);
    if (memory.stopping) throw this.#failed('the agent was restarted while the guest was down for the move');
    try {
      const ways = await this.ways(endpoints);
      await untilArmed(ways.handoff, signal);
      // No guest is stopped for a switch that could not be decided.
      await this.#deps.token.probeWritable(this.ref.vmid);
      await this.#stop(watch);
      if (!this.#isWhole()) this.#syncs = await this.#pass(endpoints, true, onProgress, signal);
      watch.lap('delta');
      await failpoint('cold.source.verified.after');
      if (signal.aborted) throw new MigrationError('Cancelled', 'switchover ended: it was called off');
    } catch (error) {
      await this.#backToLife(error);
      throw error;
    }
    return this.#handOver(endpoints, watch);
  }

  /** It was stopped when this was planned. What it left open (a container that ended by itself keeps its images mounted) is closed. */
  async #requireStopped(): Promise<void> {
    const power = this.#deps.power(this.plan.kind);
    const state = await power.state(this.ref.vmid);
    if (state !== 'stopped') throw new MigrationError('GuestNotStopped', `copy volumes failed: guest ${this.ref.vmid}: it was started meanwhile (${state}); migrate it again`);
    await power.end(this.ref.vmid);
  }

  async #stop(watch: Stopwatch): Promise<void> {
    watch.begin();
    if (this.plan.mode !== 'restart') return;
    await this.#note('stopping');
    await failpoint('cold.source.stop.before');
    await this.#deps.power(this.plan.kind).shutDown(this.ref.vmid, this.plan.stopTimeoutSeconds * 1000);
    watch.lap('stop');
    await failpoint('cold.source.stop.after');
  }

  async #handOver(endpoints: ColdEndpoints, watch: Stopwatch): Promise<ColdSwitchResult> {
    this.#handedOver = true;
    const letGo = (): void => this.#letGo.soon(this.#failed(`it was called off after the hand-over, and ${this.plan.target} does not answer`));
    if (this.#calledOff.signal.aborted) letGo();
    else this.#calledOff.signal.addEventListener('abort', letGo, { once: true });
    const { handoff } = await this.ways(endpoints);
    const resume = (): Promise<void> => goOnHere(this.#deps, this.ref, this.plan);
    const committed = await handOverUntilDecided({ ...this.#deps, handoff, ref: this.ref, resume }, () => this.#over);
    if (committed === null) throw this.#failed('it was given up here');
    return { downtime: this.plan.mode === 'restart' ? watch.split(committed) : null, volumes: this.#syncs, targetState: committed.answer.state ?? 'other' };
  }

  /** Proved by a pass after the guest had stopped. */
  #isWhole(): boolean {
    return this.plan.volumes.every(({ volid }) => this.#syncs.some((sync) => sync.volid === volid && sync.digest !== null));
  }

  /** Nothing has been handed over: the guest goes on here, whatever failed. */
  async #backToLife(cause: unknown): Promise<void> {
    const failed = (error: unknown): never => { throw this.#failed(`${messageOf(cause)}; and the guest could not be started again here: ${messageOf(error)}`); };
    await goOnHere(this.#deps, this.ref, this.plan).catch(failed);
  }

  async #pass(endpoints: ColdEndpoints, final: boolean, onProgress: CopyProgress, signal: AbortSignal): Promise<readonly VolumeSync[]> {
    const ways = await this.ways(endpoints);
    return copyVolumes({
      plan: this.plan, endpoints, onProgress, earlier: this.#syncs,
      copy: (volume, targetVolid, onVolume, stop) => this.#deps.copy({
        ref: this.ref, plan: this.plan, volume, targetVolid, final, signal: stop, onProgress: onVolume,
        noteSnapshots: this.#noteSnapshots, dial: () => ways.dialCopy(), bandwidthBytesPerSecond: () => this.#budgetBytesPerSecond,
      }),
      signal,
    });
  }

  async #open(endpoints: ColdEndpoints): Promise<ColdWays> {
    await this.#note('channels', { endpoints });
    const ways = await this.#deps.openWays(this.ref, this.plan, endpoints);
    if (!this.#over) return ways;
    await ways.close();
    throw new MigrationError('StaleEpoch', `go on failed: guest ${this.ref.vmid}: migration ${this.ref.epoch} is over here`);
  }

  #failed(cause: string): MigrationError {
    return new MigrationError('SwitchoverFailed', `switchover failed: guest ${this.ref.vmid}: ${cause}`);
  }

  #note(state: string, data?: Readonly<Record<string, unknown>>): Promise<void> {
    return this.#deps.journal.append(this.ref.vmid, this.ref.epoch, state, data);
  }
}
