import { hostname } from 'node:os';
import { Worker } from '@temporalio/worker';
import type { ClusterActivities } from '../domain/contracts/activities.js';
import type { EvacuationActivities, FollowActivities } from '../domain/contracts/evacuation-activities.js';
import { MIGRATIONS_QUEUE } from '../domain/ids.js';
import { registerSearchAttributes } from './search-attributes.js';
import type { TemporalLink } from './temporal.js';

export interface ControlWorkerParts extends TemporalLink {
  readonly activities: ClusterActivities & EvacuationActivities & FollowActivities;
  /** Path of the prebuilt workflow bundle. */
  readonly bundlePath: string;
}

/**
 * The worker that runs the workflows and the activities on the cluster file system. Any number may run; they share the work.
 * Ends on SIGTERM and SIGINT after the running activities have ended (10 s at most).
 */
export async function createControlWorker({ connection, namespace, activities, bundlePath }: ControlWorkerParts): Promise<Worker> {
  await registerSearchAttributes(connection, namespace);
  return Worker.create({
    connection,
    namespace,
    taskQueue: MIGRATIONS_QUEUE,
    identity: `${hostname()}.control@${process.pid}`,
    workflowBundle: { codePath: bundlePath },
    activities,
    maxCachedWorkflows: 200,
    // A killed control worker's runs go on elsewhere after this, not after the default of 10 s.
    stickyQueueScheduleToStartTimeout: '1s',
    shutdownGraceTime: '5s',
    shutdownForceTime: '10s',
  });
}
