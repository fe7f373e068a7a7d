import { randomUUID } from 'node:crypto';
import { awaitEnding, type Ending } from '../../client/api/outcome.js';
import { connectTemporal, startMigration, type FerryClient } from '../../client/index.js';
import { parseMigrateRequest } from '../../domain/edge/migrate-request.js';
import type { MigrationProgress } from '../../domain/contracts/progress.js';
import { settlementWorkflowId } from '../../domain/ids.js';
import { Lab } from '../../lab/lab.js';
import { Container } from './guests/container.js';
import type { MatrixGuest } from './guests/guest.js';
import { LiveVm } from './guests/live-vm.js';
import { StoppedVm } from './guests/stopped-vm.js';

/** Which lab a row needs. */
export type Setup = 'local disks' | 'shared disks' | 'standing still';
export const GUESTS = ['live VM', 'stopped VM', 'container'] as const;
export type GuestName = (typeof GUESTS)[number];

/** The storage of limited size of a lab for guests that stand still. */
export const SMALL_STORAGE = 'small';
const SMALL_MIB = 64;
/**
 * An agent looks by itself for what closed workflows left, and at once when an activity of its own finds its workflow closed: an activity that
 * ends before its next heartbeat does not. What depends on that look alone is seen here after this time, in production after 180 s.
 */
export const RECONCILE_SECONDS = 15;
const SETTLED_MS = 90_000;

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

/** Two nodes and small guests that are moved to and fro, for many rows. */
export class MatrixCluster {
  readonly lab: Lab;
  readonly client: FerryClient;
  readonly setup: Setup;
  readonly #guests: ReadonlyMap<GuestName, MatrixGuest>;

  private constructor(lab: Lab, client: FerryClient, setup: Setup, guests: ReadonlyMap<GuestName, MatrixGuest>) {
    this.lab = lab;
    this.client = client;
    this.setup = setup;
    this.#guests = guests;
  }

  static async up(dir: string, setup: Setup): Promise<MatrixCluster> {
    const lab = await Lab.up({ dir, nodes: 2, reconcileIntervalSeconds: RECONCILE_SECONDS });
    try {
      const client = await connectTemporal({ ...process.env, ...lab.env });
      return new MatrixCluster(lab, client, setup, await makeGuests(lab, setup));
    } catch (error) {
      await lab.down({ purge: true });
      throw error;
    }
  }

  guest(name: GuestName): MatrixGuest {
    const guest = this.#guests.get(name);
    if (guest === undefined) throw new Error(`a lab for ${this.setup} has no ${name}`);
    return guest;
  }

  async migrate({ vmid, target, wishes }: MatrixGuest, more: Readonly<Record<string, unknown>>): Promise<Running> {
    const request = parseMigrateRequest({ vmid, target, requestedBy: 'matrix', ...wishes, ...more });
    const { workflowId, runId } = await startMigration(this.client, request);
    const handle = this.client.temporal.workflow.getHandle(workflowId, runId);
    return {
      workflowId,
      progress: () => handle.query<MigrationProgress>('progress'),
      cancel: async () => { await handle.cancel(); },
      terminate: async () => { await this.client.temporal.workflow.getHandle(workflowId).terminate('by hand'); },
      reset: async () => { await this.#reset(workflowId, runId); },
      endingAfter: async (fault) => {
        const settlement = this.client.temporal.workflow.getHandle(settlementWorkflowId({ vmid, epoch: runId }));
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

  /** Workflows of this lab that are still open; the ledgers of slots stay a while when nobody uses them. */
  async openWorkflows(): Promise<readonly string[]> {
    const open: string[] = [];
    for await (const { workflowId } of this.client.temporal.workflow.list({ query: "ExecutionStatus='Running' AND WorkflowType != 'slotLedgers'" })) open.push(workflowId);
    return open;
  }

  async down(): Promise<void> {
    for (const guest of this.#guests.values()) await guest.stop();
    await this.client.close();
    await this.lab.down({ purge: true });
  }

  async #reset(workflowId: string, runId: string): Promise<void> {
    const { workflowService, options: { namespace } } = this.client.temporal;
    const { history } = await workflowService.getWorkflowExecutionHistory({ namespace, execution: { workflowId, runId } });
    const first = history?.events?.find((event) => event.workflowTaskCompletedEventAttributes)?.eventId;
    if (!first) throw new Error(`reset failed: ${workflowId} has no completed workflow task yet`);
    await workflowService.resetWorkflowExecution({ namespace, workflowExecution: { workflowId, runId }, reason: 'by hand', requestId: randomUUID(), workflowTaskFinishEventId: first });
  }
}

async function makeGuests(lab: Lab, setup: Setup): Promise<ReadonlyMap<GuestName, MatrixGuest>> {
  if (setup !== 'standing still') return new Map([['live VM', await LiveVm.boot(lab, 101, setup === 'local disks' ? 'local' : 'shared')]]);
  await lab.storages.add('dir', SMALL_STORAGE, { sizeMiB: SMALL_MIB });
  return new Map<GuestName, MatrixGuest>([['stopped VM', await StoppedVm.create(lab, 102)], ['container', await Container.boot(lab, 201, SMALL_STORAGE)]]);
}
