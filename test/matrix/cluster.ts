import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { awaitEnding, type Ending } from '../../client/api/outcome.js';
import { connectTemporal, startMigration, type FerryClient } from '../../client/index.js';
import { parseMigrateRequest } from '../../domain/edge/migrate-request.js';
import type { MigrationProgress } from '../../domain/contracts/progress.js';
import { editGuestConfig } from '../../domain/guest/edit-guest-config.js';
import { settlementWorkflowId, type NodeName } from '../../domain/ids.js';
import { Lab } from '../../lab/lab.js';
import type { Probe } from '../../lab/probe.js';
import type { Watch } from '../../lab/watch.js';

export const VMID = 101;
const DISKS = { local: ['local:16M,format=qcow2', 'shared:16M'], shared: ['shared:16M'] } as const;
const BOOT_MS = 120_000;
/** The agents look every few minutes, and at once when an activity of theirs finds its workflow closed. */
const SETTLED_MS = 240_000;

export interface Running {
  readonly workflowId: string;
  progress(): Promise<MigrationProgress>;
  cancel(): Promise<void>;
  terminate(): Promise<void>;
  /** As the UI's button does, to the first workflow task. */
  reset(): Promise<void>;
  /** Of the settlement that somebody starts for a terminated migration, or of the run that a reset began. */
  endingAfter(fault: 'terminate' | 'reset'): Promise<Ending>;
  ending(): Promise<Ending>;
}

/** Two nodes and one small guest that is moved to and fro, under the eyes of probe and watcher, for many rows. */
export class MatrixCluster {
  readonly lab: Lab;
  readonly client: FerryClient;
  readonly watch: Watch;
  readonly disks: 'local' | 'shared';
  /** Open since the guest's boot. */
  probe: Probe;
  /** The guest's, as it was first heard. */
  bootId = '';

  private constructor(lab: Lab, client: FerryClient, watch: Watch, probe: Probe, disks: 'local' | 'shared') {
    this.lab = lab;
    this.client = client;
    this.watch = watch;
    this.probe = probe;
    this.disks = disks;
  }

  static async up(dir: string, disks: 'local' | 'shared'): Promise<MatrixCluster> {
    const lab = await Lab.up({ dir, nodes: 2 });
    try {
      await lab.vmCreate(VMID, 'pve1', { memoryMiB: 128, workingSetMiB: 16, dirtyMiBps: 2, disks: DISKS[disks], watched: true });
      const [client, watch] = await Promise.all([connectTemporal({ ...process.env, ...lab.env }), lab.watch(VMID)]);
      await lab.vmStart(VMID);
      const cluster = new MatrixCluster(lab, client, watch, await lab.probe(VMID, BOOT_MS), disks);
      await cluster.#rememberBoot();
      return cluster;
    } catch (error) {
      await lab.down({ purge: true });
      throw error;
    }
  }

  get source(): NodeName {
    return this.lab.vmNode(VMID);
  }

  get target(): NodeName {
    return this.source === 'pve1' ? 'pve2' : 'pve1';
  }

  async migrate(wishes: Readonly<Record<string, unknown>>): Promise<Running> {
    const request = parseMigrateRequest({ vmid: VMID, target: this.target, online: true, requestedBy: 'matrix', ...wishes });
    const { workflowId, runId } = await startMigration(this.client, request);
    const handle = this.client.temporal.workflow.getHandle(workflowId, runId);
    return {
      workflowId,
      progress: () => handle.query<MigrationProgress>('progress'),
      cancel: async () => { await handle.cancel(); },
      terminate: async () => { await this.client.temporal.workflow.getHandle(workflowId).terminate('by hand'); },
      reset: async () => { await this.#reset(workflowId, runId); },
      endingAfter: async (fault) => {
        const settlement = this.client.temporal.workflow.getHandle(settlementWorkflowId({ vmid: VMID, epoch: runId }));
        const after = fault === 'reset' ? this.client.temporal.workflow.getHandle(workflowId) : settlement;
        const deadlineMs = performance.now() + SETTLED_MS;
        while (!(await after.describe().then(() => true, () => false))) {
          if (performance.now() > deadlineMs) throw new Error(`nobody settled what the terminated workflow left within ${SETTLED_MS} ms`);
          await new Promise((resolve) => setTimeout(resolve, 200));
        }
        return awaitEnding(after);
      },
      ending: () => awaitEnding(handle),
    };
  }

  async #reset(workflowId: string, runId: string): Promise<void> {
    const { workflowService, options: { namespace } } = this.client.temporal;
    const { history } = await workflowService.getWorkflowExecutionHistory({ namespace, execution: { workflowId, runId } });
    const first = history?.events?.find((event) => event.workflowTaskCompletedEventAttributes)?.eventId;
    if (!first) throw new Error(`reset failed: ${workflowId} has no completed workflow task yet`);
    await workflowService.resetWorkflowExecution({ namespace, workflowExecution: { workflowId, runId }, reason: 'by hand', requestId: randomUUID(), workflowTaskFinishEventId: first });
  }

  /** Workflows of this lab that are still open; a ledger of slots stays a while when nobody uses it. */
  async openWorkflows(): Promise<readonly string[]> {
    const open: string[] = [];
    for await (const { workflowId } of this.client.temporal.workflow.list({ query: "ExecutionStatus='Running' AND WorkflowType != 'slotLedger'" })) open.push(workflowId);
    return open;
  }

  /** After a fault that took the guest: somebody starts it where it belongs, and it is watched anew. */
  async startAgain(): Promise<void> {
    await this.probe.stop().catch(() => undefined);
    // `qm unlock`, as the migration's advice says.
    const file = join(this.lab.layout.pveDir, 'nodes', this.lab.vmNode(VMID), 'qemu-server', `${VMID}.conf`);
    writeFileSync(file, editGuestConfig(readFileSync(file, 'utf8'), { delete: ['lock'] }));
    await this.lab.vmStart(VMID);
    this.probe = await this.lab.probe(VMID, BOOT_MS);
    await this.#rememberBoot();
  }

  async #rememberBoot(): Promise<void> {
    this.bootId = (await this.probe.snapshot()).lastAnswer?.bootId ?? '';
  }

  async down(): Promise<void> {
    await this.probe.stop().catch(() => undefined);
    await this.watch.stop().catch(() => undefined);
    await this.client.close();
    await this.lab.down({ purge: true });
  }
}
