import { connectTemporal, startMigration, type FerryClient } from '../../../client/index.js';
import type { Ending } from '../../../client/api/outcome.js';
import type { MigrationProgress } from '../../../domain/contracts/progress.js';
import type { MigrationReport } from '../../../domain/contracts/report.js';
import { parseMigrateRequest } from '../../../domain/edge/migrate-request.js';
import { Lab } from '../../../lab/lab.js';
import { newLabDir, removeLabDir } from '../../lab/support/machine.js';
import { leftovers, type GuestKind } from '../../matrix/leftovers.js';
import type { RunningMigration } from './cluster.js';
import { endingInTime } from './in-time.js';

/** A lab of two nodes for guests that stand still while they move. */
export interface ColdLab {
  readonly lab: Lab;
  readonly client: FerryClient;
  down(): Promise<void>;
}

export async function startColdLab(): Promise<ColdLab> {
  const dir = newLabDir();
  const lab = await Lab.up({ dir, nodes: 2 });
  try {
    const client = await connectTemporal({ ...process.env, ...lab.env });
    return {
      lab, client,
      down: async () => {
        await client.close();
        await lab.down({ purge: true });
        removeLabDir(dir);
      },
    };
  } catch (error) {
    await lab.down({ purge: true });
    removeLabDir(dir);
    throw error;
  }
}

export async function begin({ client, lab }: ColdLab, vmid: number, target: string, wishes: Readonly<Record<string, unknown>> = {}): Promise<RunningMigration> {
  const { workflowId, runId } = await startMigration(client, parseMigrateRequest({ vmid, target, requestedBy: 'test', ...wishes }));
  const handle = client.temporal.workflow.getHandle(workflowId, runId);
  return {
    workflowId,
    progress: () => handle.query<MigrationProgress>('progress'),
    cancel: async () => { await handle.cancel(); },
    ending: () => endingInTime(lab, handle),
  };
}

/** The report, however it ended; an ending without one is thrown. */
export async function move(cold: ColdLab, vmid: number, target: string, wishes: Readonly<Record<string, unknown>> = {}): Promise<MigrationReport> {
  return reported(await (await begin(cold, vmid, target, wishes)).ending());
}

export function reported(ending: Ending): MigrationReport {
  if (ending.kind === 'report') return ending.report;
  throw new Error(`${ending.code}: ${ending.sentence}`);
}

/** Everything a cold move may have forgotten: one sentence each. Whether the guest runs is the test's to ask. */
export const leftBy = ({ lab }: ColdLab, vmid: number, kind: GuestKind, owner: string): Promise<string[]> => leftovers(lab, vmid, owner, { kind, runs: null });
