import { defaultPayloadConverter, type WorkflowHandle } from '@temporalio/client';
import { nodeOfQueue } from '../../domain/ids.js';
import { asLiveFigures, asNote, type PendingStep } from '../view.js';

type Pending = NonNullable<Awaited<ReturnType<WorkflowHandle['describe']>>['raw']['pendingActivities']>[number];

/** The activities a run is waiting for now, newest heartbeat first. */
export async function pendingSteps(handle: WorkflowHandle): Promise<readonly PendingStep[]> {
  const { raw } = await handle.describe();
  const now = Date.now();
  return [...(raw.pendingActivities ?? [])].sort((a, b) => beatMs(b) - beatMs(a)).map((pending) => stepOf(pending, now));
}

/** `temporal.api.enums.v1.PendingActivityState`: SCHEDULED, no worker has taken it. */
const SCHEDULED = 1;
const STARTED = 2;

function stepOf(pending: Pending, now: number): PendingStep {
  return {
    name: pending.activityType?.name ?? 'an activity',
    attempt: pending.attempt ?? 1,
    untakenMs: pending.state === SCHEDULED ? Math.max(0, now - timestampMs(pending.scheduledTime)) : 0,
    silentMs: pending.state === STARTED ? Math.max(0, now - Math.max(timestampMs(pending.lastHeartbeatTime), timestampMs(pending.lastStartedTime))) : 0,
    node: nodeOfQueue(pending.activityOptions?.taskQueue?.name ?? ''),
    lastFailure: pending.lastFailure?.message ?? null,
    ...detailsOf(pending),
  };
}

function detailsOf(pending: Pending): Pick<PendingStep, 'figures' | 'note'> {
  const payload = pending.heartbeatDetails?.payloads?.[0];
  const details: unknown = payload === undefined || payload === null ? null : defaultPayloadConverter.fromPayload(payload);
  return { figures: asLiveFigures(details), note: asNote(details) };
}

const beatMs = (pending: Pending): number => timestampMs(pending.lastHeartbeatTime);

function timestampMs(timestamp: Pending['lastHeartbeatTime']): number {
  if (timestamp === undefined || timestamp === null) return 0;
  return Number(timestamp.seconds ?? 0) * 1000 + Math.floor((timestamp.nanos ?? 0) / 1e6);
}
