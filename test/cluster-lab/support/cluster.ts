import { connectTemporal, startMigration, type Ending, type FerryClient } from '../../../client/index.js';
import { awaitEnding } from '../../../client/api/outcome.js';
import type { MigrationProgress } from '../../../domain/contracts/progress.js';
import type { MigrationReport } from '../../../domain/contracts/report.js';
import { parseMigrateRequest } from '../../../domain/edge/migrate-request.js';
import { Lab } from '../../../lab/lab.js';
import type { Probe, ProbeReport } from '../../../lab/probe.js';
import { newLabDir, removeLabDir } from '../../lab/support/machine.js';
import { leftovers } from '../../matrix/leftovers.js';

/** A lab with its Temporal, agents and one guest under watch. */
export interface Cluster {
  readonly lab: Lab;
  readonly client: FerryClient;
  readonly probe: Probe;
  down(): Promise<void>;
}

export const VMID = 101;

export interface ClusterOptions {
  readonly memoryMiB?: number;
  readonly workingSetMiB?: number;
  readonly dirtyMiBps?: number;
  readonly disks?: readonly string[];
  readonly nodes?: number;
}

export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const dir = newLabDir();
  const lab = await Lab.up({ dir, nodes: options.nodes ?? 3 });
  try {
    await lab.vmCreate(VMID, 'pve1', {
      memoryMiB: options.memoryMiB ?? 256, workingSetMiB: options.workingSetMiB ?? 64, dirtyMiBps: options.dirtyMiBps ?? 10,
      disks: options.disks ?? ['local:64M,format=qcow2', 'shared:64M'],
    });
    await lab.vmStart(VMID);
    const client = await connectTemporal({ ...process.env, ...lab.env });
    const probe = await lab.probe(VMID);
    return { lab, client, probe, down: () => takeDown(lab, dir, client, probe) };
  } catch (error) {
    await lab.down({ purge: true });
    removeLabDir(dir);
    throw error;
  }
}

async function takeDown(lab: Lab, dir: string, client: FerryClient, probe: Probe): Promise<void> {
  await probe.stop().catch(() => undefined);
  await client.close();
  await lab.down({ purge: true });
  removeLabDir(dir);
}

/** Starts a migration as the command line does. */
export async function begin(cluster: Cluster, target: string, wishes: Readonly<Record<string, unknown>> = {}): Promise<RunningMigration> {
  const request = parseMigrateRequest({ vmid: VMID, target, online: true, requestedBy: 'test', ...wishes });
  const { workflowId, runId } = await startMigration(cluster.client, request);
  const handle = cluster.client.temporal.workflow.getHandle(workflowId, runId);
  return {
    workflowId,
    progress: () => handle.query<MigrationProgress>('progress'),
    cancel: async () => { await handle.cancel(); },
    ending: () => awaitEnding(handle),
  };
}

export interface RunningMigration {
  readonly workflowId: string;
  progress(): Promise<MigrationProgress>;
  cancel(): Promise<void>;
  ending(): Promise<Ending>;
}

/** Migrates and waits for the end; anything but a report is thrown. */
export async function migrate(cluster: Cluster, target: string, wishes: Readonly<Record<string, unknown>> = {}): Promise<MigrationReport> {
  return reportOf(await (await begin(cluster, target, wishes)).ending());
}

export function reportOf(ending: Ending): MigrationReport {
  if (ending.kind === 'report') return ending.report;
  throw new Error(`${ending.code}: ${ending.sentence}`);
}

/** Waits until the migration copies memory and has brought a round home, so that a fault hits it in the middle. */
export async function untilMidPrecopy(migration: RunningMigration): Promise<MigrationProgress> {
  return untilProgress(migration, (p) => p.phase === 'precopy' && p.lastSample !== null);
}

export async function untilProgress(migration: RunningMigration, holds: (p: MigrationProgress) => boolean, withinMs = 60_000): Promise<MigrationProgress> {
  const deadlineMs = performance.now() + withinMs;
  for (;;) {
    const progress = await migration.progress().catch(() => null);
    if (progress !== null && holds(progress)) return progress;
    if (progress?.report) throw new Error(`the migration ended before: ${progress.report.outcome}: ${progress.report.reason}`);
    if (performance.now() > deadlineMs) throw new Error(`not reached within ${withinMs} ms; last seen: ${JSON.stringify(progress)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Asserts that the guest runs now and is the one it was, whatever may be left on nodes that are away. */
export async function expectAlive(cluster: Cluster): Promise<void> {
  const before = await cluster.probe.snapshot();
  const { lastAnswer, errors } = await freshAnswer(cluster.probe, before);
  expect(lastAnswer).toMatchObject({ memErrors: 0, diskErrors: 0, firstError: '', bootId: before.lastAnswer?.bootId });
  expect(errors).toEqual([]);
}

/** Asserts what holds after every migration, however it ended: the guest is whole, runs on `owner` only, nothing is left. */
export async function expectWhole(cluster: Cluster, owner: string): Promise<ProbeReport> {
  const before = await cluster.probe.snapshot();
  const after = await freshAnswer(cluster.probe, before);
  expect(after.lastAnswer).toMatchObject({ memErrors: 0, diskErrors: 0, firstError: '' });
  expect(after.lastAnswer?.bootId).toBe(before.lastAnswer?.bootId);
  expect({ alive: after.tcpAlive, reconnects: after.tcpReconnects, errors: after.errors }).toEqual({ alive: true, reconnects: 0, errors: [] });
  expect(await leftovers(cluster.lab, VMID, owner)).toEqual([]);
  return after;
}

/** A later answer than the one known: proof that the guest runs now. TCP may ask again only after as long as it was silent before. */
async function freshAnswer(probe: Probe, before: ProbeReport): Promise<ProbeReport> {
  const deadlineMs = performance.now() + 10_000 + 2 * before.maxGapMs;
  for (;;) {
    const report = await probe.snapshot();
    const [then, now] = [before.lastAnswer, report.lastAnswer];
    if (now !== null && (then === null || (now.ticks > then.ticks && now.diskSeq > then.diskSeq))) return report;
    if (performance.now() > deadlineMs) throw new Error(`the guest does not answer: ${JSON.stringify(report)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

