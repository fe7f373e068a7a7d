import { setTimeout as sleep } from 'node:timers/promises';
import type { NodeName } from '../../../domain/ids.js';
import { ctRunsOn } from '../../../lab/ct.js';
import type { CtAnswer, CtProbe } from '../../../lab/ct-probe.js';
import type { CtWatch } from '../../../lab/ct-watch.js';
import type { Lab } from '../../../lab/lab.js';
import { MatrixGuest } from './guest.js';

const ANSWER_MS = 40_000;

/** A running container that is restarted on the other node. It counts on its disk, and tells no number before it is written. */
export class Container extends MatrixGuest {
  readonly kind = 'lxc';
  readonly wishes = { restart: true };
  readonly runs = true;
  readonly #probe: CtProbe;
  readonly #watch: CtWatch;
  /** The last number it told before the row began. */
  #told = 0;

  private constructor(lab: Lab, vmid: number, watch: CtWatch, probe: CtProbe) {
    super(lab, vmid);
    this.#watch = watch;
    this.#probe = probe;
  }

  /** `storage`: of limited size. */
  static async boot(lab: Lab, vmid: number, storage: string): Promise<Container> {
    await lab.ctCreate(vmid, 'pve1', { rootfs: `${storage}:0`, service: 'counter', files: 40, dataMiB: 2 });
    const watch = lab.ctWatch(vmid);
    await lab.ctStart(vmid);
    return new Container(lab, vmid, watch, await lab.ctProbe(vmid));
  }

  async begin(): Promise<void> {
    // Another guest's row may have taken its node's power.
    if (!this.runsOn(this.source)) await this.start();
    this.#probe.reset();
    this.#told = (await this.#answer(({ n }) => n > 0))?.n ?? 0;
  }

  async silentMs(): Promise<number> {
    return Math.round((await this.#probe.snapshot()).maxGapMs);
  }

  runsOn(node: NodeName): boolean {
    return ctRunsOn(this.lab.layout, this.vmid, node);
  }

  async look(): Promise<readonly string[]> {
    const now = await this.#answer(({ n }) => n > this.#told);
    return [
      ...(now === null ? [`the container does not answer with a number after ${this.#told}: ${JSON.stringify((await this.#probe.snapshot()).lastAnswer)}`] : []),
      ...(now !== null && now.writeErrors > 0 ? [`the container could not write ${now.writeErrors} times`] : []),
      ...this.#watch.violations(),
    ];
  }

  async stop(): Promise<void> {
    this.#watch.stop();
    await this.#probe.stop().catch(() => undefined);
  }

  protected async start(): Promise<void> {
    await this.lab.ctStart(this.vmid);
  }

  /** A new answer that holds; null: none came. */
  async #answer(holds: (answer: CtAnswer) => boolean): Promise<CtAnswer | null> {
    const { answered } = await this.#probe.snapshot();
    const deadlineMs = performance.now() + ANSWER_MS;
    for (;;) {
      const report = await this.#probe.snapshot();
      if (report.answered > answered && report.lastAnswer !== null && holds(report.lastAnswer)) return report.lastAnswer;
      if (performance.now() > deadlineMs) return null;
      await sleep(20);
    }
  }
}
