import { WorkflowExecutionAlreadyStartedError, type WorkflowStartOptions } from '@temporalio/client';
import type { MigrateRequest } from '../../domain/contracts/request.js';
import { messageOf } from '../../domain/errors.js';
import { MIGRATIONS_QUEUE, migrationWorkflowId } from '../../domain/ids.js';
import { ATTRIBUTES } from '../../workflows/attributes.js';
import { workflowUrl, type FerryClient } from '../connection.js';
import { ClientError } from '../errors.js';
import { MIGRATE_WORKFLOW } from './names.js';
import { guestIn } from './guest-word.js';

export interface StartedMigration {
  readonly workflowId: string;
  readonly runId: string;
  /** The run in the Temporal UI. */
  readonly url: string;
}

/** Bytes of a summary the server takes (`limit.userMetadataSummarySize`). */
const SUMMARY_MAX_BYTES = 400;

/**
 * Starts `migrateGuest` for a parsed request. No timeouts are set: a migration ends by its own deadlines and its own
 * rollback. Throws `ClientError` `already-running` when this guest is being migrated under the usual workflow id.
 */
export async function startMigration(client: FerryClient, request: MigrateRequest): Promise<StartedMigration> {
  const workflowId = migrationWorkflowId(request.vmid);
  try {
    const runId = await startTolerant(client, { ...migrationStartOptions(request), workflowId });
    return { workflowId, runId, url: workflowUrl(client, workflowId, runId) };
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) throw await alreadyRunning(client, request.vmid, error);
    throw error;
  }
}

/** What the server is told besides the input: everything a person sees in lists and in the UI. */
export function migrationStartOptions(request: MigrateRequest): Omit<WorkflowStartOptions, 'workflowId'> & { args: [MigrateRequest] } {
  return {
    taskQueue: MIGRATIONS_QUEUE,
    args: [request],
    staticSummary: summaryOf(request),
    staticDetails: detailsOf(request),
    memo: { requestedBy: request.requestedBy, ...(request.reason === undefined ? {} : { reason: request.reason }) },
    typedSearchAttributes: [
      { key: ATTRIBUTES.guestId, value: String(request.vmid) },
      { key: ATTRIBUTES.guestKind, value: 'qemu' },
      { key: ATTRIBUTES.targetNode, value: request.target },
    ],
  };
}

/** `VM 101 → pve2, live, by root@pve1: making room`, cut to what the server takes. */
export function summaryOf(request: MigrateRequest): string {
  const mode = request.online === undefined ? '' : request.online ? ', live' : ', offline';
  const reason = request.reason === undefined ? '' : `: ${request.reason}`;
  return cutToBytes(`${guestIn(request)} → ${request.target}${mode}, by ${request.requestedBy}${reason}`, SUMMARY_MAX_BYTES);
}

function detailsOf(request: MigrateRequest): string {
  const rows = Object.entries(request).filter(([, value]) => value !== undefined && value !== false);
  return rows.map(([key, value]) => `- **${key}**: ${String(value).replaceAll('\n', ' ')}`).join('\n');
}

function cutToBytes(text: string, limit: number): string {
  let cut = text;
  while (Buffer.byteLength(cut) > limit) cut = `${[...cut].slice(0, -2).join('')}…`;
  return cut;
}

/** A server nobody has prepared knows no search attributes: they are for filtering only, so the migration starts without. */
async function startTolerant(client: FerryClient, options: WorkflowStartOptions & { args: [MigrateRequest] }): Promise<string> {
  try {
    return (await client.temporal.workflow.start(MIGRATE_WORKFLOW, options)).firstExecutionRunId;
  } catch (error) {
    if (!isUnknownSearchAttribute(error)) throw error;
    const { typedSearchAttributes: _, ...plain } = options;
    return (await client.temporal.workflow.start(MIGRATE_WORKFLOW, plain)).firstExecutionRunId;
  }
}

function isUnknownSearchAttribute(error: unknown): boolean {
  const texts = [messageOf(error), error instanceof Error ? messageOf(error.cause) : ''];
  return texts.some((text) => text.includes('no mapping defined for search attribute') || text.includes('search attribute GuestId is not defined'));
}

async function alreadyRunning(client: FerryClient, vmid: number, error: unknown): Promise<ClientError> {
  const workflowId = migrationWorkflowId(vmid);
  const who = await describeOwner(client, workflowId);
  return new ClientError(
    'already-running',
    `starting failed: guest ${vmid} is already being migrated${who}. Watch it with \`ferry show ${vmid}\`, stop it with \`ferry cancel ${vmid}\`, or see ${workflowUrl(client, workflowId)}`,
    error,
  );
}

async function describeOwner(client: FerryClient, workflowId: string): Promise<string> {
  try {
    const description = await client.temporal.workflow.getHandle(workflowId).describe();
    const summary = await description.staticSummary();
    return ` (${summary ?? workflowId}; since ${description.startTime.toISOString()})`;
  } catch {
    return ` (${workflowId})`;
  }
}
