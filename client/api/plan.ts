import { randomUUID } from 'node:crypto';
import type { EvacuationPlan, EvacuationRequest } from '../../domain/contracts/evacuation.js';
import { planWorkflowId } from '../../domain/ids.js';
import type { FerryClient } from '../connection.js';
import { ask } from './ask.js';
import { PLAN_WORKFLOW } from './names.js';

const PLAN_DEADLINE_MS = 180_000;

/** How a node would be emptied; touches nothing. Throws `ClientError` `no-answer` when nobody plans it. */
export const planEvacuation = (client: FerryClient, request: EvacuationRequest): Promise<EvacuationPlan> => ask(client, {
  workflow: PLAN_WORKFLOW, workflowId: planWorkflowId(request.node, randomUUID().slice(0, 8)), request, deadlineMs: PLAN_DEADLINE_MS,
  summary: `Plan to empty ${request.node}, by ${request.requestedBy}`, failed: `planning failed: ${request.node}`,
});
