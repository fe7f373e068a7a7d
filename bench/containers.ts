import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { awaitEnding } from '../client/api/outcome.js';
import { connectTemporal, startMigration, type FerryClient } from '../client/index.js';
import type { DowntimeSplit } from '../domain/contracts/cold.js';
import { parseMigrateRequest } from '../domain/edge/migrate-request.js';
import type { CtProbe } from '../lab/ct-probe.js';
import type { CtOptions } from '../lab/ct-config.js';
import { Lab } from '../lab/lab.js';
import { renderContainers, renderDowntimes, type ContainerRun } from './container-table.js';

interface Case {
  readonly name: string;
  readonly vmid: number;
  readonly how: 'shared' | 'rsync' | 'btrfs';
  /** Where nodes have it, below the lab's mnt. */
  readonly storage: string;
  readonly options: CtOptions;
}

/** About what a small Debian is. */
const LARGE = { files: 7400, dataMiB: 300 };
const CASES: readonly Case[] = [
  { name: 'shared', vmid: 201, how: 'shared', storage: 'shared', options: { rootfs: 'shared:0' } },
  { name: 'copied, 2 MB', vmid: 202, how: 'rsync', storage: 'local', options: { rootfs: 'local:0' } },
  { name: 'copied, 300 MB, 7 400 files', vmid: 203, how: 'rsync', storage: 'local', options: { rootfs: 'local:0', ...LARGE } },
  { name: 'btrfs, 300 MB, 7 400 files', vmid: 204, how: 'btrfs', storage: 'added/fs', options: { rootfs: 'fs:0', ...LARGE } },
];
const BTRFS_MIB = 2048;

/**
 * How long a client can't reach a container that moves: by ferry and, in the same lab and in turn, by a script that only calls
 * lxc-stop, rsync or btrfs, and lxc-start over one ssh connection. RUNS: of each (default 5). CASES: numbers of those to run, from 1.
 */
async function main(): Promise<void> {
  const runs = Number(process.env['RUNS'] ?? 5);
  const wanted = process.env['CASES']?.split(',').map(Number);
  const dir = mkdtempSync(join(tmpdir(), 'bench-'));
  const lab = await Lab.up({ dir, nodes: 2 });
  try {
    await lab.storages.add('btrfs', 'fs', { sizeMiB: BTRFS_MIB });
    const client = await connectTemporal({ ...process.env, ...lab.env });
    const seen: ContainerRun[] = [];
    const splits: { readonly name: string; readonly split: DowntimeSplit }[] = [];
    for (const each of CASES.filter((_, at) => wanted === undefined || wanted.includes(at + 1))) {
      await lab.ctCreate(each.vmid, 'pve1', each.options);
      await lab.ctStart(each.vmid);
      const probe = await lab.ctProbe(each.vmid);
      for (let run = 0; run < runs; run += 1) {
        seen.push({ name: each.name, who: 'by hand', downMs: await measured(probe, () => byHand(lab, each)) });
        const downMs = await measured(probe, async () => splits.push({ name: each.name, split: await byFerry(lab, client, each) }));
        seen.push({ name: each.name, who: 'ferry', downMs });
        console.error(`${each.name} ${run + 1}/${runs}: by hand ${seen.at(-2)?.downMs.toFixed(0)} ms, ferry ${downMs.toFixed(0)} ms`);
      }
      await probe.stop();
      await lab.ctStop(each.vmid, { kill: true });
    }
    await client.close();
    console.log(renderContainers(seen));
    console.log(`\nwhere ferry's downtime goes\n${renderDowntimes(splits)}`);
  } finally {
    await lab.down({ purge: true });
    rmSync(dir, { recursive: true, force: true });
  }
}

/** The longest gap between two answers, once the container answers from its new place. */
async function measured(probe: CtProbe, move: () => Promise<unknown>): Promise<number> {
  probe.reset();
  await move();
  const then = (await probe.snapshot()).answered;
  for (;;) {
    const report = await probe.snapshot();
    if (report.answered > then + 50) return report.maxGapMs;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function byHand(lab: Lab, { vmid, how, storage }: Case): Promise<void> {
  const [source, target] = hop(lab, vmid);
  const rootfs = join(lab.dir, 'mnt', storage, 'images', String(vmid), `subvol-${vmid}-disk-0.subvol`);
  const argv = ['bash', join(lab.layout.home, 'bench/bare-container.sh'), String(vmid), source, target, `10.10.10.${target.slice('pve'.length)}`, how, rootfs, join(lab.dir, 'mnt/pve')];
  const { exitCode, stderr } = await lab.exec(source, argv);
  if (exitCode !== 0) throw new Error(`by hand, ${vmid} from ${source}: exit ${exitCode}: ${stderr}`);
}

async function byFerry(lab: Lab, client: FerryClient, { vmid }: Case): Promise<DowntimeSplit> {
  const request = parseMigrateRequest({ vmid, target: hop(lab, vmid)[1], restart: true, requestedBy: 'bench' });
  const { workflowId, runId } = await startMigration(client, request);
  const ending = await awaitEnding(client.temporal.workflow.getHandle(workflowId, runId));
  const report = ending.kind === 'report' ? ending.report : null;
  if (report?.outcome === 'migrated' && report.incidents.length === 0 && report.downtime) return report.downtime;
  throw new Error(`migration failed: ${JSON.stringify(ending)}`);
}

const hop = (lab: Lab, vmid: number): readonly [string, string] => (lab.ctNode(vmid) === 'pve1' ? ['pve1', 'pve2'] : ['pve2', 'pve1']);

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
