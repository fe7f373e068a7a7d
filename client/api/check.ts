import { randomUUID } from 'node:crypto';
import type { Verdict } from '../../domain/contracts/plan.js';
import type { MigrateRequest } from '../../domain/contracts/request.js';
import { checkWorkflowId } from '../../domain/ids.js';
import type { FerryClient } from '../connection.js';
import { ask } from './ask.js';
import { guestIn } from './guest-word.js';
import { CHECK_WORKFLOW } from './names.js';

const CHECK_DEADLINE_MS = 120_000;

/** All refusals and warnings for this request; touches nothing. Throws `ClientError` `no-answer` when nobody judges it. */
export const checkMigration = (client: FerryClient, request: MigrateRequest): Promise<Verdict> => ask(client, {
  workflow: CHECK_WORKFLOW, workflowId: checkWorkflowId(request.vmid, randomUUID().slice(0, 8)), request, deadlineMs: CHECK_DEADLINE_MS,
  summary: `Check ${guestIn(request)} → ${request.target}, by ${request.requestedBy}`, failed: `checking failed: guest ${request.vmid}`,
});
