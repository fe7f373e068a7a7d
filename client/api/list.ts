import type { WorkflowExecutionInfo } from '@temporalio/client';
import type { Phase } from '../../domain/contracts/phase.js';
import type { MigrationReport } from '../../domain/contracts/report.js';
import { ATTRIBUTES } from '../../workflows/attributes.js';
import type { FerryClient } from '../connection.js';
import { MIGRATE_WORKFLOW, SETTLE_WORKFLOW } from './names.js';
import { awaitEnding } from './outcome.js';
import { queryProgress } from './look.js';

export interface ListedMigration {
  readonly workflowId: string;
  readonly runId: string;
  readonly vmid: number | null;
  readonly source: string | null;
  readonly target: string | null;
  /** null once it has ended, or when no control worker answers. */
  readonly phase: Phase | null;
  readonly running: boolean;
  readonly startedAt: string;
  readonly durationMs: number;
  /** null while it runs; a failure code where there is no report. */
  readonly outcome: MigrationReport['outcome'] | string | null;
}

export interface ListOptions {
  /** Everything the server still knows, not only what runs or started within the last day. */
  readonly all?: boolean;
}

const RECENT_MS = 24 * 3600 * 1000;
const RECENT_LIMIT = 50;
/** Rows asked about at the same time. */
const BATCH = 8;

/** Migrations, running ones first, then the newest. New starts appear after the server's visibility delay (below a second). */
export async function listMigrations(client: FerryClient, options: ListOptions = {}): Promise<readonly ListedMigration[]> {
  const since = new Date(Date.now() - RECENT_MS).toISOString();
  const recent = options.all === true ? '' : ` AND (ExecutionStatus = 'Running' OR StartTime > '${since}')`;
  const infos: WorkflowExecutionInfo[] = [];
  for await (const info of client.temporal.workflow.list({ query: `WorkflowType IN ('${MIGRATE_WORKFLOW}', '${SETTLE_WORKFLOW}')${recent}` })) {
    infos.push(info);
    if (options.all !== true && infos.length >= RECENT_LIMIT) break;
  }
  const rows: ListedMigration[] = [];
  for (let at = 0; at < infos.length; at += BATCH) {
    rows.push(...(await Promise.all(infos.slice(at, at + BATCH).map((info) => rowOf(client, info)))));
  }
  return rows.sort((a, b) => Number(b.running) - Number(a.running) || b.startedAt.localeCompare(a.startedAt));
}

async function rowOf(client: FerryClient, info: WorkflowExecutionInfo): Promise<ListedMigration> {
  const handle = client.temporal.workflow.getHandle(info.workflowId, info.runId);
  const running = info.status.name === 'RUNNING' || info.status.name === 'PAUSED';
  const known = knownOf(info);
  if (running) {
    const progress = await queryProgress(client, handle);
    return {
      ...known,
      vmid: progress?.vmid ?? known.vmid,
      source: progress?.source ?? known.source,
      target: progress?.target ?? known.target,
      phase: progress?.phase ?? null,
      running,
      durationMs: Date.now() - info.startTime.getTime(),
      outcome: null,
    };
  }
  const ending = await awaitEnding(handle);
  const report = ending.kind === 'report' ? ending.report : null;
  return {
    ...known,
    vmid: report?.vmid ?? known.vmid,
    source: report?.source ?? known.source,
    target: report?.target ?? known.target,
    phase: null,
    running,
    durationMs: (info.closeTime ?? info.startTime).getTime() - info.startTime.getTime(),
    outcome: ending.kind === 'report' ? ending.report.outcome : ending.code,
  };
}

/** What visibility itself says. */
function knownOf(info: WorkflowExecutionInfo): Pick<ListedMigration, 'workflowId' | 'runId' | 'vmid' | 'source' | 'target' | 'startedAt'> {
  const attributes = info.typedSearchAttributes;
  const guest = attributes.get(ATTRIBUTES.guestId) ?? /^migrate-guest-(\d+)$/.exec(info.workflowId)?.[1];
  return {
    workflowId: info.workflowId,
    runId: info.runId,
    vmid: guest === undefined ? null : Number(guest),
    source: attributes.get(ATTRIBUTES.sourceNode) ?? null,
    target: attributes.get(ATTRIBUTES.targetNode) ?? null,
    startedAt: info.startTime.toISOString(),
  };
}
