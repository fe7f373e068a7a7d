import { isGrpcServiceError, QueryNotRegisteredError, ServiceError, type WorkflowHandle } from '@temporalio/client';
import type { MigrationProgress } from '../../domain/contracts/progress.js';
import type { FerryClient } from '../connection.js';
import { combineView, type ProgressView } from '../view.js';
import { pendingSteps } from './pending.js';
import { PROGRESS_QUERY } from './names.js';

const QUERY_DEADLINE_MS = 2000;
const NO_WORKER = 'a control worker to answer (start one with `ferry control`)';

/** The workflow's answer, or null when no worker gives it within 2 s. */
export async function queryProgress(client: FerryClient, handle: WorkflowHandle): Promise<MigrationProgress | null> {
  try {
    return await client.temporal.withDeadline(Date.now() + QUERY_DEADLINE_MS, () => handle.query<MigrationProgress>(PROGRESS_QUERY));
  } catch (error) {
    if (error instanceof QueryNotRegisteredError || error instanceof ServiceError || isGrpcServiceError(error)) return null;
    throw error;
  }
}

/** One look at a running migration from all sides. */
export async function viewOf(client: FerryClient, handle: WorkflowHandle): Promise<ProgressView> {
  const [progress, steps] = await Promise.all([queryProgress(client, handle), pendingSteps(handle)]);
  const view = combineView(progress, steps);
  return progress === null ? { ...view, waitingFor: NO_WORKER } : view;
}
