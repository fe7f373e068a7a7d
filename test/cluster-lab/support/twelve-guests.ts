import { appendFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectTemporal, type FerryClient } from '../../../client/index.js';
import { watchRun } from '../../../client/api/evacuation/watch.js';
import type { EvacuationProgress } from '../../../domain/contracts/evacuation-progress.js';
import type { EvacuationReport } from '../../../domain/contracts/evacuation-report.js';
import { renderEvacuationReport } from '../../../domain/report/evacuation/render-text.js';
import { Lab } from '../../../lab/lab.js';
import type { Probe } from '../../../lab/probe.js';
import { newLabDir, removeLabDir } from '../../lab/support/machine.js';

const LIVE = [101, 102, 103] as const;
/** It fits on no other node unless one of the guests there makes room. */
const BIG = 104;
const STOPPED = [105, 106, 107, 109] as const;
/** It has a device of its node. */
export const PINNED = 108;
const CONTAINERS = [201, 202, 203] as const;
/** Running guests of the other nodes. */
const RESIDENTS = { pve2: 121, pve3: 122, pve4: 123 } as const;
/** Those on pve1. */
export const ALL: readonly number[] = [...LIVE, BIG, ...STOPPED, PINNED, ...CONTAINERS];

export const WISHES = { node: 'pve1', parking: true, concurrency: 3, requestedBy: 'test', reason: 'new firmware' };

/** A lab of four nodes with twelve guests on pve1, of every kind that matters to an evacuation; the running VMs are watched. */
export class TwelveGuests {
  readonly lab: Lab;
  readonly client: FerryClient;
  readonly #dir: string;
  readonly #probes: readonly Probe[];

  private constructor(lab: Lab, dir: string, client: FerryClient, probes: readonly Probe[]) {
    this.lab = lab;
    this.#dir = dir;
    this.client = client;
    this.#probes = probes;
  }

  static async start(): Promise<TwelveGuests> {
    const dir = newLabDir();
    const lab = await Lab.up({ dir, nodes: 4, memoryMiB: 1800 });
    for (const vmid of LIVE) await lab.vmCreate(vmid, 'pve1', { memoryMiB: 128, workingSetMiB: 16, dirtyMiBps: 2, disks: ['shared:32M'] });
    await lab.vmCreate(BIG, 'pve1', { memoryMiB: 1000, workingSetMiB: 16, dirtyMiBps: 1, disks: ['shared:32M'] });
    for (const vmid of STOPPED) await lab.vmCreate(vmid, 'pve1', { memoryMiB: 128, disks: [vmid === 105 ? 'local:32M,format=qcow2' : 'shared:32M'] });
    await lab.vmCreate(PINNED, 'pve1', { memoryMiB: 128, disks: ['shared:32M'] });
    appendFileSync(join(dir, `pve/nodes/pve1/qemu-server/${PINNED}.conf`), 'hostpci0: 0000:00:1f.0\n');
    for (const vmid of CONTAINERS) await lab.ctCreate(vmid, 'pve1', { memoryMiB: 64, files: 20 });
    for (const [node, vmid] of Object.entries(RESIDENTS)) await lab.vmCreate(vmid, node, { memoryMiB: 384, workingSetMiB: 16, dirtyMiBps: 0, disks: ['shared:32M'] });
    mkdirSync(join(dir, 'pve/ha'), { recursive: true });
    writeFileSync(join(dir, 'pve/ha/rules.cfg'), 'resource-affinity: apart\n\taffinity negative\n\tresources vm:101,vm:102\n');
    for (const vmid of [...LIVE, BIG, ...Object.values(RESIDENTS)]) await lab.vmStart(vmid);
    for (const vmid of CONTAINERS.slice(0, 2)) await lab.ctStart(vmid);
    const client = await connectTemporal({ ...process.env, ...lab.env });
    const probes: Probe[] = [];
    for (const vmid of [...LIVE, BIG]) probes.push(await lab.probe(vmid));
    return new TwelveGuests(lab, dir, client, probes);
  }

  async down(): Promise<void> {
    for (const probe of this.#probes) await probe.stop().catch(() => undefined);
    await this.client.close();
    await this.lab.down({ purge: true });
    removeLabDir(this.#dir);
  }

  nodeOf(vmid: number): string {
    const found = this.lab.nodes.find((node) => ['qemu-server', 'lxc'].some((kind) => existsSync(join(this.#dir, 'pve/nodes', node, kind, `${vmid}.conf`))));
    return found ?? 'nowhere';
  }

  on(node: string): readonly number[] {
    return ALL.filter((vmid) => this.nodeOf(vmid) === node);
  }

  /** Waits for the end, whoever is away meanwhile. */
  async reportOf(workflowId: string, onProgress: (progress: EvacuationProgress) => void = () => undefined): Promise<EvacuationReport> {
    const ending = await watchRun<EvacuationReport, EvacuationProgress>(this.client, workflowId, { query: 'evacuation', onProgress, onNotice: (sentence) => console.log(sentence), signal: new AbortController().signal });
    if (ending.kind === 'detached') throw new Error('nobody watches any more');
    if (ending.kind !== 'report') throw new Error(`${ending.code}: ${ending.sentence}`);
    console.log(renderEvacuationReport(ending.report));
    return ending.report;
  }

  /** Every guest under watch runs, has lost nothing and was never reset. */
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
  }
}
