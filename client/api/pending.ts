import { defaultPayloadConverter, type WorkflowHandle } from '@temporalio/client';
import type { LiveFigures } from '../../domain/contracts/progress.js';
import { asLiveFigures, type PendingStep } from '../view.js';

type Pending = NonNullable<Awaited<ReturnType<WorkflowHandle['describe']>>['raw']['pendingActivities']>[number];

/** The activities a run is waiting for now, newest heartbeat first. */
export async function pendingSteps(handle: WorkflowHandle): Promise<readonly PendingStep[]> {
  const { raw } = await handle.describe();
  const now = Date.now();
  return [...(raw.pendingActivities ?? [])].sort((a, b) => beatMs(b) - beatMs(a)).map((pending) => stepOf(pending, now));
}

/** `temporal.api.enums.v1.PendingActivityState`: SCHEDULED, no worker has taken it. */
const SCHEDULED = 1;

function stepOf(pending: Pending, now: number): PendingStep {
  return {
    name: pending.activityType?.name ?? 'an activity',
    attempt: pending.attempt ?? 1,
    untakenMs: pending.state === SCHEDULED ? Math.max(0, now - timestampMs(pending.scheduledTime)) : 0,
    lastFailure: pending.lastFailure?.message ?? null,
    figures: figuresOf(pending),
  };
}

function figuresOf(pending: Pending): LiveFigures | null {
  const payload = pending.heartbeatDetails?.payloads?.[0];
  if (payload === undefined || payload === null) return null;
  return asLiveFigures(defaultPayloadConverter.fromPayload(payload));
}

const beatMs = (pending: Pending): number => timestampMs(pending.lastHeartbeatTime);

function timestampMs(timestamp: Pending['lastHeartbeatTime']): number {
  if (timestamp === undefined || timestamp === null) return 0;
  return Number(timestamp.seconds ?? 0) * 1000 + Math.floor((timestamp.nanos ?? 0) / 1e6);
}
