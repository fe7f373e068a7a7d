import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Lab } from '../../../lab/lab.js';
import type { Probe } from '../../../lab/probe.js';
import type { Watch } from '../../../lab/watch.js';
import { vmConfigFile } from '../../../lab/pve-root.js';
import { vmRunsOn } from '../../../lab/vm.js';
import { leftovers } from '../../matrix/leftovers.js';

const ANSWER_MS = 60_000;
const CLEAN_MS = 60_000;

/** One guest under watch for as long as the chaos lasts. */
export class ChaosGuest {
  readonly vmid: number;
  readonly #lab: Lab;
  #probe: Probe | null = null;
  #watch: Watch | null = null;
  #bootId = '';
  restarts = 0;

  constructor(lab: Lab, vmid: number) {
    this.#lab = lab;
    this.vmid = vmid;
  }

  get node(): string {
    return this.#lab.vmNode(this.vmid);
  }

  get running(): boolean {
    return vmRunsOn(this.#lab.layout, this.vmid, this.node);
  }

  async start(): Promise<void> {
    await this.#probe?.stop().catch(() => undefined);
    this.#watch ??= await this.#lab.watch(this.vmid);
    await this.#lab.vmStart(this.vmid);
    this.#probe = await this.#lab.probe(this.vmid, 240_000);
    this.#bootId = (await this.#answer()).bootId;
  }

  /** What an operator does with a guest that a fault has killed: unlock, start. */
  async revive(): Promise<void> {
    const file = vmConfigFile(this.#lab.layout, this.node, this.vmid);
    writeFileSync(file, readFileSync(file, 'utf8').replace(/^lock: migrate\n/m, ''));
    await this.start();
    this.restarts += 1;
  }

  /** Every promise that was broken, a sentence each. The guest runs, and no migration of it is under way. */
  async verdict(): Promise<string[]> {
    const broken: string[] = [];
    const answer = await this.#answer().catch((error: unknown) => String(error));
    if (typeof answer === 'string') return [`VM ${this.vmid}: ${answer}`];
    if (answer.memErrors > 0 || answer.diskErrors > 0) broken.push(`VM ${this.vmid}: canaries: ${answer.firstError}`);
    if (answer.bootId !== this.#bootId) broken.push(`VM ${this.vmid}: it was booted anew`);
    const { tcpAlive, errors } = await this.#alive().snapshot();
    if (!tcpAlive) broken.push(`VM ${this.vmid}: its TCP connection broke: ${errors.join('; ')}`);
    broken.push(...((await this.#watch?.snapshot())?.violations ?? []).map((twice) => `VM ${this.vmid}: ${twice}`));
    return [...broken, ...(await this.#left()).map((left) => `VM ${this.vmid}: ${left}`)];
  }

  async stop(): Promise<void> {
    await this.#probe?.stop().catch(() => undefined);
    await this.#watch?.stop().catch(() => undefined);
  }

  /** An answer that was given after the question: the guest runs now. */
  async #answer(): Promise<{ bootId: string; memErrors: number; diskErrors: number; firstError: string }> {
    const probe = this.#alive();
    const before = (await probe.snapshot()).lastAnswer;
    const deadlineMs = performance.now() + ANSWER_MS;
    for (;;) {
      const { lastAnswer: now } = await probe.snapshot();
      if (now !== null && (before === null || now.ticks > before.ticks)) return now;
      if (performance.now() > deadlineMs) throw new Error(`it did not answer within ${ANSWER_MS / 1000} s`);
      await sleep(100);
    }
  }

  #alive(): Probe {
    if (this.#probe === null) throw new Error(`VM ${this.vmid} was never started`);
    return this.#probe;
  }

  async #left(): Promise<string[]> {
    const deadlineMs = performance.now() + CLEAN_MS;
    for (;;) {
      const left = await leftovers(this.#lab, this.vmid, this.node);
      if (left.length === 0 || performance.now() > deadlineMs) return left;
      await sleep(500);
    }
  }
}
