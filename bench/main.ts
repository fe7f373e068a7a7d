import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { awaitEnding } from '../client/api/outcome.js';
import { connectTemporal, startMigration, type FerryClient } from '../client/index.js';
import type { MigrationType } from '../domain/contracts/request.js';
import { parseMigrateRequest } from '../domain/edge/migrate-request.js';
import { Lab } from '../lab/lab.js';
import type { Probe } from '../lab/probe.js';
import { migrateBare } from './bare-migration.js';
import { renderSplits, type BlackoutSplit } from './split.js';
import { renderSteps, stepsOf, type Step } from './steps.js';
import { renderTable, type Run } from './table.js';
import { turnsOf } from './turns.js';

const VMID = 101;
const RING = ['pve1', 'pve2', 'pve3'] as const;
const TRANSPORTS = (process.env['BENCH_TRANSPORTS'] ?? 'secure,insecure,tls').split(',') as MigrationType[];

/**
 * The same guest, moved in turn by a bare QMP script and by ferry, in the same lab and minutes: what counts are the
 * ratios. Round by round through the transports, so that what changes with time is shared by all, and by turns over the nodes (`turns.ts`). The first move after the start is told
 * apart: the agents are still asking their QEMU what it can. BENCH_RUNS: pairs per transport (default 24). BENCH_TRANSPORTS: which.
 */
async function main(): Promise<void> {
  const pairs = Number(process.env['BENCH_RUNS'] ?? 24);
  const dir = mkdtempSync(join(tmpdir(), 'bench-'));
  const lab = await Lab.up({ dir, nodes: RING.length });
  try {
    await lab.vmCreate(VMID, 'pve1', { memoryMiB: 512, workingSetMiB: 128, dirtyMiBps: 20, disks: ['local:64M,format=qcow2', 'shared:64M'] });
    await lab.vmStart(VMID);
    const client = await connectTemporal({ ...process.env, ...lab.env });
    const probe = await lab.probe(VMID);
    const runs: Run[] = [];
    const splits: { readonly transport: MigrationType; readonly split: BlackoutSplit }[] = [];
    const steps: { readonly transport: MigrationType; readonly steps: readonly Step[] }[] = [];
    const first = await ferry(lab, client, probe, TRANSPORTS[0] ?? 'secure');
    for (const { transport, first: who, pair } of turnsOf(TRANSPORTS, pairs)) {
      const before = who === 'bare' ? await bare(lab, probe, transport) : null;
      const own = await ferry(lab, client, probe, transport);
      runs.push(own.run, before ?? await bare(lab, probe, transport));
      if (own.split !== null) splits.push({ transport, split: own.split });
      steps.push({ transport, steps: await stepsOf(client, own.workflowId, own.runId) });
      console.error(`${transport} ${pair}/${pairs}`);
    }
    const last = await probe.stop();
    await client.close();
    console.log(renderTable(runs));
    console.log(`the first move after the start, ${first.run.transport}: total − QEMU total − disk copy ${(first.run.totalMs - first.run.qemuTotalMs - first.run.diskSyncMs).toFixed(0)} ms`);
    console.log(`\nferry's blackouts\n${renderSplits(splits)}`);
    for (const transport of TRANSPORTS) console.log(`\nferry's steps, ${transport}\n${renderSteps(steps.filter((s) => s.transport === transport).map((s) => s.steps))}`);
    console.log(`guest: memory errors ${last.lastAnswer?.memErrors}, disk errors ${last.lastAnswer?.diskErrors}, TCP connection ${last.tcpAlive ? 'alive' : 'lost'}`);
    if (last.lastAnswer?.memErrors !== 0 || last.lastAnswer.diskErrors !== 0 || !last.tcpAlive) process.exitCode = 1;
  } finally {
    await lab.down({ purge: true });
    rmSync(dir, { recursive: true, force: true });
  }
}

async function bare(lab: Lab, probe: Probe, transport: MigrationType): Promise<Run> {
  const [source, target] = nextHop(lab);
  probe.reset();
  const figures = await migrateBare(lab, VMID, source, target, transport);
  return { who: 'bare', transport, ...figures, gapMs: await gapSeen(probe), copiedMiB: null };
}

async function ferry(lab: Lab, client: FerryClient, probe: Probe, transport: MigrationType): Promise<{ readonly run: Run; readonly split: BlackoutSplit | null; readonly workflowId: string; readonly runId: string }> {
  const [, target] = nextHop(lab);
  probe.reset();
  const begunAtMs = performance.now();
  const request = parseMigrateRequest({ vmid: VMID, target, online: true, migrationType: transport, requestedBy: 'bench' });
  const { workflowId, runId } = await startMigration(client, request);
  const ending = await awaitEnding(client.temporal.workflow.getHandle(workflowId, runId));
  if (ending.kind !== 'report' || ending.report.outcome !== 'migrated') throw new Error(`migration failed: ${JSON.stringify(ending)}`);
  const { report } = ending;
  const run: Run = {
    who: 'ferry', transport, totalMs: performance.now() - begunAtMs, qemuTotalMs: report.qemuTotalMs ?? 0, qemuDowntimeMs: report.qemuDowntimeMs ?? 0,
    stoppedMs: report.blackout?.totalMs ?? 0, diskSyncMs: report.phases.find((p) => p.phase === 'diskSync')?.elapsedMs ?? 0, gapMs: await gapSeen(probe), copiedMiB: ((report.bytes?.ram ?? 0) + (report.bytes?.disks ?? 0)) / 1024 ** 2,
  };
  return { run, split: report.blackout, workflowId, runId };
}

function nextHop(lab: Lab): readonly [string, string] {
  const source = lab.vmNode(VMID);
  return [source, RING[(RING.findIndex((node) => node === source) + 1) % RING.length] ?? 'pve1'];
}

/** Waits until the guest has answered from its new place, so that the gap is whole. */
async function gapSeen(probe: Probe): Promise<number> {
  const then = (await probe.snapshot()).udpAnswered;
  for (;;) {
    const report = await probe.snapshot();
    if (report.udpAnswered > then + 100) return report.maxGapMs;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
