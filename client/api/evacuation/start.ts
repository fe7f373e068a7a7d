import { WorkflowExecutionAlreadyStartedError, WorkflowFailedError } from '@temporalio/client';
import { randomUUID } from 'node:crypto';
import { MIGRATIONS_QUEUE, evacuationWorkflowId, returnWorkflowId, rollWorkflowId } from '../../../domain/ids.js';
import { workflowUrl, type FerryClient } from '../../connection.js';
import { ClientError } from '../../errors.js';
import { EVACUATE_WORKFLOW, RETURN_WORKFLOW, ROLL_WORKFLOW, UNCORDON_WORKFLOW } from '../names.js';
import { explainFailure } from '../outcome.js';
import type { StartedMigration } from '../start.js';

export type RawInput = Readonly<Record<string, unknown>>;

/** Starts to empty a node, or to bring its guests home, or a roll. Throws `ClientError` `already-running`. */
export const startEvacuation = (client: FerryClient, node: string, raw: RawInput): Promise<StartedMigration> =>
  start(client, EVACUATE_WORKFLOW, evacuationWorkflowId(node), raw, `Empty ${node}`);
export const startReturn = (client: FerryClient, node: string, raw: RawInput): Promise<StartedMigration> =>
  start(client, RETURN_WORKFLOW, returnWorkflowId(node), raw, `Guests come home to ${node}`);
export const startRoll = (client: FerryClient, raw: RawInput): Promise<StartedMigration> =>
  start(client, ROLL_WORKFLOW, rollWorkflowId(randomUUID().slice(0, 8)), raw, 'Rolling maintenance');

/** A node that does not take the call within this has no control worker. */
const UNCORDON_DEADLINE_MS = 60_000;

/** Lets a node take guests again; resolves to how many guests an evacuation moved away and are not back. */
export async function uncordon(client: FerryClient, node: string, raw: RawInput): Promise<number> {
  try {
    const result: { readonly away: number } = await client.temporal.workflow.execute(UNCORDON_WORKFLOW, {
      workflowId: `uncordon-node-${node}-${randomUUID().slice(0, 8)}`, taskQueue: MIGRATIONS_QUEUE, args: [raw], workflowExecutionTimeout: UNCORDON_DEADLINE_MS, staticSummary: `Uncordon ${node}`,
    });
    return result.away;
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    const { code, sentence } = explainFailure(error.cause);
    if (code === 'InvalidInput') throw new ClientError('usage', sentence, error);
    throw new ClientError(code === 'NodeCordoned' ? 'refused' : 'no-answer', code === 'Timeout' ? `${sentence}. Is a control worker running (\`ferry control\`)?` : sentence, error);
  }
}

/** An evacuation of this node at times of a cron expression, as a Temporal Schedule. Throws `ClientError` `already-running` when there is one. */
export async function scheduleEvacuation(client: FerryClient, node: string, raw: RawInput, cron: string): Promise<string> {
  const scheduleId = `evacuate-${node}`;
  const [, expression = cron, zone] = /^(.*?)(?:\s+([A-Za-z_]+\/[A-Za-z_/+-]+|UTC))?$/.exec(cron) ?? [];
  try {
    await client.temporal.schedule.create({
      scheduleId, spec: { cronExpressions: [expression], ...(zone === undefined ? {} : { timezone: zone }) }, policies: { overlap: 'SKIP' },
      action: { type: 'startWorkflow', workflowType: EVACUATE_WORKFLOW, workflowId: evacuationWorkflowId(node), taskQueue: MIGRATIONS_QUEUE, args: [raw], staticSummary: `Empty ${node}` },
    });
    return scheduleId;
  } catch (error) {
    if (!(error instanceof Error) || !/already/i.test(`${error.name} ${error.message}`)) throw error;
    throw new ClientError('already-running', `scheduling failed: there is a schedule ${scheduleId} already: \`temporal schedule describe -s ${scheduleId}\` shows it.`, error);
  }
}

async function start(client: FerryClient, type: string, workflowId: string, raw: RawInput, summary: string): Promise<StartedMigration> {
  const by = typeof raw['requestedBy'] === 'string' ? `, by ${raw['requestedBy']}` : '';
  try {
    const handle = await client.temporal.workflow.start(type, { workflowId, taskQueue: MIGRATIONS_QUEUE, args: [raw], staticSummary: `${summary}${by}`.slice(0, 100) });
    return { workflowId, runId: handle.firstExecutionRunId, url: workflowUrl(client, workflowId, handle.firstExecutionRunId) };
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    throw new ClientError('already-running', `starting failed: ${workflowId} runs already. Follow it with \`ferry evacuation show <node> --watch\`, or see ${workflowUrl(client, workflowId)}`, error);
  }
}
