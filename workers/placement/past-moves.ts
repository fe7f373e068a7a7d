import type { WorkflowClient } from '@temporalio/client';
import type { PastMove } from '../../domain/contracts/evacuation.js';
import type { MigrationReport } from '../../domain/contracts/report.js';
import { migrationWorkflowId, type Vmid } from '../../domain/ids.js';
import { pastMoveOf } from '../../domain/placement/past-move.js';

/** A plan waits no longer than this for what is only good to know. */
const PATIENCE_MS = 5000;
const PER_GUEST = 3;
const AT_ONCE = 8;

/** Reads the figures of guests' last migrations from the workflows the server still knows; in time, or not at all. */
export function createPastMoves(client: Pick<WorkflowClient, 'list' | 'getHandle'>): (vmids: readonly Vmid[]) => Promise<ReadonlyMap<Vmid, readonly PastMove[]>> {
  return async (vmids) => {
    const known = new Map<Vmid, readonly PastMove[]>();
    const todo = [...vmids];
    let late = false;
    const work = async (): Promise<void> => {
      for (let vmid = todo.shift(); vmid !== undefined && !late; vmid = todo.shift()) {
        const past = await pastOf(client, vmid).catch(() => []);
        if (past.length > 0 && !late) known.set(vmid, past);
      }
    };
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<void>((resolve) => { timer = setTimeout(resolve, PATIENCE_MS); });
    await Promise.race([Promise.all(Array.from({ length: AT_ONCE }, work)), timeout]);
    clearTimeout(timer);
    late = true;
    return known;
  };
}

async function pastOf(client: Pick<WorkflowClient, 'list' | 'getHandle'>, vmid: Vmid): Promise<readonly PastMove[]> {
  const moves: PastMove[] = [];
  const workflowId = migrationWorkflowId(vmid);
  for await (const { runId } of client.list({ query: `WorkflowId = '${workflowId}' AND ExecutionStatus = 'Completed'` })) {
    const report = (await client.getHandle(workflowId, runId).result()) as MigrationReport;
    const move = pastMoveOf(report);
    if (move !== null) moves.push(move);
    if (moves.length >= PER_GUEST) break;
  }
  return moves;
}
