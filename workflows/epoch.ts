import type { WorkflowInfo } from '@temporalio/workflow';
import type { Epoch } from '../domain/ids.js';

/** A migration's identity: the first run's id, which stays the same when the workflow is reset. */
export const epochOf = (info: WorkflowInfo): Epoch => info.originalExecutionRunId ?? info.runId;
