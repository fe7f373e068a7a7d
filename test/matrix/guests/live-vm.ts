import { setTimeout as sleep } from 'node:timers/promises';
import type { NodeName } from '../../../domain/ids.js';
import type { Lab } from '../../../lab/lab.js';
import type { GuestAnswer, Probe } from '../../../lab/probe.js';
import { vmRunsOn } from '../../../lab/vm.js';
import type { Watch } from '../../../lab/watch.js';
import { MatrixGuest } from './guest.js';

const DISKS = { local: ['local:16M,format=qcow2', 'shared:16M'], shared: ['shared:16M'] } as const;
const BOOT_MS = 120_000;
/** Longer than a guest takes to be heard again on a machine that is busy with other labs. */
const ANSWER_MS = 40_000;

/** A running VM, under the eyes of probe and watcher since its boot. */
export class LiveVm extends MatrixGuest {
  readonly kind = 'qemu';
  readonly wishes = { online: true, withLocalDisks: true };
  readonly runs = true;
  readonly #watch: Watch;
  /** Open since the guest's boot. */
  #probe: Probe;
  /** The guest's, as it was first heard. */
  #bootId = '';

  private constructor(lab: Lab, vmid: number, watch: Watch, probe: Probe) {
    super(lab, vmid);
    this.#watch = watch;
    this.#probe = probe;
  }

  static async boot(lab: Lab, vmid: number, disks: keyof typeof DISKS): Promise<LiveVm> {
    await lab.vmCreate(vmid, 'pve1', { memoryMiB: 128, workingSetMiB: 16, dirtyMiBps: 2, disks: DISKS[disks], watched: true });
    const watch = await lab.watch(vmid);
    await lab.vmStart(vmid);
    const vm = new LiveVm(lab, vmid, watch, await lab.probe(vmid, BOOT_MS));
    await vm.#rememberBoot();
    return vm;
  }

  async begin(): Promise<void> {
    this.#watch.reset();
  }

  async silentMs(): Promise<number> {
    return Math.round((await this.#watch.snapshot()).maxGapMs);
  }

  runsOn(node: NodeName): boolean {
    return vmRunsOn(this.lab.layout, this.vmid, node);
  }

  async look(same: boolean): Promise<readonly string[]> {
    const now = await this.#answers();
    const violations = [...(await this.#watch.snapshot()).violations];
    if (now === null) return ['the guest does not answer', ...violations];
    const { memErrors, diskErrors, firstError } = now;
    const { tcpAlive, errors } = await this.#probe.snapshot();
    return [
      ...(same && now.bootId !== this.#bootId ? ['the guest was started anew'] : []),
      ...(memErrors + diskErrors > 0 ? [`the guest found ${memErrors} errors in memory, ${diskErrors} on disks: ${firstError}`] : []),
      ...(tcpAlive ? [] : [`the guest's connection was lost: ${errors.join(', ')}`]),
      ...violations,
    ];
  }

  async stop(): Promise<void> {
    await this.#probe.stop().catch(() => undefined);
    await this.#watch.stop().catch(() => undefined);
  }

  protected async start(): Promise<void> {
    await this.#probe.stop().catch(() => undefined);
    await this.lab.vmStart(this.vmid);
    this.#probe = await this.lab.probe(this.vmid, BOOT_MS);
    await this.#rememberBoot();
  }

  /** Asked anew, since a connection that was silent for long tries again only after as long. It runs, and its disks take writes. */
  async #answers(): Promise<GuestAnswer | null> {
    const probe = await this.lab.probe(this.vmid, ANSWER_MS).catch(() => null);
    if (probe === null) return null;
    try {
      const before = (await probe.snapshot()).lastAnswer;
      const deadlineMs = performance.now() + ANSWER_MS;
      for (;;) {
        const now = (await probe.snapshot()).lastAnswer;
        if (now !== null && before !== null && now.ticks > before.ticks && now.diskSeq > before.diskSeq) return now;
        if (performance.now() > deadlineMs) return null;
        await sleep(50);
      }
    } finally {
      await probe.stop();
    }
  }

  async #rememberBoot(): Promise<void> {
    this.#bootId = (await this.#probe.snapshot()).lastAnswer?.bootId ?? '';
  }
}
