import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { connectTemporal, type FerryClient } from '../../../client/index.js';
import { watchRun } from '../../../client/api/evacuation/watch.js';
import type { EvacuationProgress } from '../../../domain/contracts/evacuation-progress.js';
import type { EvacuationReport } from '../../../domain/contracts/evacuation-report.js';
import { renderEvacuationReport } from '../../../domain/report/evacuation/render-text.js';
import { Lab } from '../../../lab/lab.js';
import type { Probe } from '../../../lab/probe.js';
import type { Watch } from '../../../lab/watch.js';
import { newLabDir, removeLabDir } from '../../lab/support/machine.js';

export interface EvacuationLabOptions {
  readonly nodes: number;
  readonly memoryMiB?: number;
  /** Creates and starts the guests; `dir` is the lab's own. */
  readonly fill: (lab: Lab, dir: string) => Promise<void>;
  /** Running VMs, watched from outside. */
  readonly probed: readonly number[];
  /** Of these, made with `watched`: that no two copies run at once. */
  readonly once?: readonly number[];
}

/** Of many guests at once, on a busy machine. */
const BOOT_MS = 180_000;

/** A lab with guests to be moved away, and an eye on those that run. */
export class EvacuationLab {
  readonly lab: Lab;
  readonly client: FerryClient;
  readonly #dir: string;
  readonly #probes: readonly Probe[];
  readonly #watches: readonly Watch[];

  private constructor(lab: Lab, dir: string, client: FerryClient, probes: readonly Probe[], watches: readonly Watch[]) {
    this.lab = lab;
    this.#dir = dir;
    this.client = client;
    this.#probes = probes;
    this.#watches = watches;
  }

  static async start({ nodes, memoryMiB, fill, probed, once = [] }: EvacuationLabOptions): Promise<EvacuationLab> {
    const dir = newLabDir();
    const lab = await Lab.up({ dir, nodes, ...(memoryMiB === undefined ? {} : { memoryMiB }) });
    try {
      await fill(lab, dir);
      const client = await connectTemporal({ ...process.env, ...lab.env });
      const probes = await Promise.all(probed.map((vmid) => lab.probe(vmid, BOOT_MS)));
      return new EvacuationLab(lab, dir, client, probes, await Promise.all(once.map((vmid) => lab.watch(vmid))));
    } catch (error) {
      await lab.down({ purge: true });
      removeLabDir(dir);
      throw error;
    }
  }

  async down(): Promise<void> {
    for (const companion of [...this.#probes, ...this.#watches]) await companion.stop().catch(() => undefined);
    await this.client.close();
    await this.lab.down({ purge: true });
    removeLabDir(this.#dir);
  }

  nodeOf(vmid: number): string {
    const found = this.lab.nodes.find((node) => ['qemu-server', 'lxc'].some((kind) => existsSync(join(this.#dir, 'pve/nodes', node, kind, `${vmid}.conf`))));
    return found ?? 'nowhere';
  }

  /** Waits for the end, whoever is away meanwhile. */
  async reportOf(workflowId: string, onProgress: (progress: EvacuationProgress) => void = () => undefined): Promise<EvacuationReport> {
    const ending = await watchRun<EvacuationReport, EvacuationProgress>(this.client, workflowId, { query: 'evacuation', onProgress, onNotice: (sentence) => console.log(sentence), signal: new AbortController().signal });
    if (ending.kind === 'detached') throw new Error('nobody watches any more');
    if (ending.kind !== 'report') throw new Error(`${ending.code}: ${ending.sentence}`);
    console.log(renderEvacuationReport(ending.report));
    return ending.report;
  }

  /** Resolves to what the evacuation says of itself as soon as it is so; who is away meanwhile is asked again. */
  async untilProgress(workflowId: string, holds: (progress: EvacuationProgress) => boolean, withinMs = 120_000): Promise<EvacuationProgress> {
    const handle = this.client.temporal.workflow.getHandle(workflowId);
    const deadlineMs = performance.now() + withinMs;
    for (;;) {
      const progress = await handle.query<EvacuationProgress>('evacuation').catch(() => null);
      if (progress !== null && holds(progress)) return progress;
      if (progress !== null && progress.report !== null) throw new Error(`it ended before: ${progress.report.outcome}: ${progress.report.reason}`);
      if (performance.now() > deadlineMs) throw new Error(`not reached within ${withinMs} ms; last seen: ${JSON.stringify(progress)}`);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  /** Every guest under watch runs, has lost nothing, was never reset, and never ran twice. */
  async expectCanariesClean(): Promise<void> {
    for (const probe of this.#probes) {
      const before = await probe.snapshot();
      const deadlineMs = performance.now() + 30_000;
      let now = before;
      while ((now.lastAnswer?.ticks ?? 0) <= (before.lastAnswer?.ticks ?? 0)) {
        if (performance.now() > deadlineMs) throw new Error(`a guest does not answer: ${JSON.stringify(now)}`);
        await new Promise((resolve) => setTimeout(resolve, 100));
        now = await probe.snapshot();
      }
      expect(now.lastAnswer).toMatchObject({ memErrors: 0, diskErrors: 0, firstError: '', bootId: before.lastAnswer?.bootId });
      expect({ reconnects: now.tcpReconnects, errors: now.errors }).toEqual({ reconnects: 0, errors: [] });
    }
    for (const watch of this.#watches) expect((await watch.snapshot()).violations).toEqual([]);
  }
}
