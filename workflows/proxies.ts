import { ActivityCancellationType, proxyActivities, proxyLocalActivities, type ActivityOptions } from '@temporalio/workflow';
import type { ClusterActivities, SourceActivities, TargetActivities } from '../domain/contracts/activities.js';
import { ERROR_CODES, type ErrorCode } from '../domain/errors.js';
import { MIGRATIONS_QUEUE, nodeQueue, type NodeName, type Vmid } from '../domain/ids.js';
import { explain } from './failures.js';
import { timings } from './timings.js';

/** The activities of one migration, each call with its summary. They throw `ApplicationFailure`s by error code, or a cancellation. */
export interface Steps {
  readonly cluster: ClusterActivities;
  readonly source: SourceActivities;
  readonly target: TargetActivities;
}

/** `patient`: a task waits long for an agent that is away, because the step has to be done in the end. `probe`: one short try. */
type Patience = 'prompt' | 'patient' | 'probe';

export function stepsFor(source: NodeName, target: NodeName, vmid: Vmid, patience: Patience = 'prompt'): Steps {
  return {
    cluster: clusterSteps(vmid),
    source: bind<SourceActivities>(SOURCE, nodeQueue(source), `${source} (vm ${vmid})`, patience),
    target: bind<TargetActivities>(TARGET, nodeQueue(target), `${target} (vm ${vmid})`, patience),
  };
}

export const clusterSteps = (vmid: Vmid): ClusterActivities =>
  bind<ClusterActivities>(CLUSTER, MIGRATIONS_QUEUE, `cluster (vm ${vmid})`, 'prompt');

type Kind = 'cluster' | 'step' | 'observer' | 'collect' | 'look' | 'fence';

const CLUSTER: Record<keyof ClusterActivities, Kind> = {
  openRequest: 'cluster', lockGuest: 'cluster', unlockGuest: 'cluster', readDecision: 'cluster', decideAborted: 'cluster', forgetEpoch: 'cluster',
  probeNode: 'look', fenceDelayMs: 'cluster', fenceNode: 'fence',
};
const SOURCE: Record<keyof SourceActivities, Kind> = {
  inspectSource: 'step', prepareSource: 'step', syncDisks: 'observer', precopy: 'observer', switchover: 'collect',
  rollbackSource: 'step', cleanupSource: 'step', resolveSource: 'step', decideAborted: 'step', probePeer: 'step',
};
const TARGET: Record<keyof TargetActivities, Kind> = {
  inspectTarget: 'step', reserveTarget: 'step', armTarget: 'observer', verifyRunning: 'step', releaseReservation: 'step',
  finishCommit: 'step', cleanupTarget: 'step', resolveTarget: 'step', decideAborted: 'step', probePeer: 'step',
};

/** Errors that the same node may get over by itself within seconds. */
const MAY_PASS: readonly ErrorCode[] = ['NodeUnreachable', 'ClusterReadOnly', 'QmpError', 'StorageUnavailable', 'TransportFailed'];
/** An observer watches work that lives in QEMU: only losing the observer itself is retried, not losing the work. */
const OBSERVER_MAY_PASS: readonly ErrorCode[] = ['NodeUnreachable', 'ClusterReadOnly'];

function optionsOf(kind: Kind): ActivityOptions {
  const t = timings();
  const node = { heartbeatTimeout: t.heartbeatMs, scheduleToStartTimeout: t.scheduleToStartMs };
  const retry = { initialInterval: t.retryInitialMs, backoffCoefficient: 2, maximumInterval: t.retryMaximumMs, maximumAttempts: 5 };
  switch (kind) {
    case 'cluster':
      return { startToCloseTimeout: t.clusterStepMs, retry: { ...retry, nonRetryableErrorTypes: allBut(MAY_PASS) } };
    case 'step':
      return { ...node, startToCloseTimeout: t.nodeStepMs, retry: { ...retry, nonRetryableErrorTypes: allBut(MAY_PASS) } };
    case 'observer':
      return {
        ...node,
        startToCloseTimeout: t.observerMs,
        retry: { initialInterval: t.observerRetryMs, backoffCoefficient: 1, nonRetryableErrorTypes: allBut(OBSERVER_MAY_PASS) },
      };
    case 'look':
      return { startToCloseTimeout: t.clusterStepMs, heartbeatTimeout: t.heartbeatMs, retry: { ...retry, maximumAttempts: 2 } };
    case 'fence':
      return { startToCloseTimeout: t.fenceMs, heartbeatTimeout: t.heartbeatMs, retry: { maximumAttempts: 1 } };
    case 'collect':
      return {
        ...node,
        scheduleToCloseTimeout: t.switchoverMs,
        retry: { ...retry, maximumAttempts: 4, nonRetryableErrorTypes: allBut(OBSERVER_MAY_PASS) },
      };
  }
}

const allBut = (codes: readonly ErrorCode[]): string[] => Object.keys(ERROR_CODES).filter((code) => !codes.includes(code as ErrorCode));

function waitingOptions(patience: Patience): ActivityOptions {
  const { patientScheduleToStartMs, probeMs } = timings();
  switch (patience) {
    case 'prompt':
      return {};
    case 'patient':
      return { scheduleToStartTimeout: patientScheduleToStartMs };
    case 'probe':
      return { scheduleToCloseTimeout: probeMs, retry: { maximumAttempts: 1 } };
  }
}

type Activity = (...args: unknown[]) => Promise<unknown>;

/**
 * Local to the worker that runs the workflow: an access to the cluster file system takes a millisecond or two, and a hop over the
 * server ten times as long.
 */
function clusterActivity(summary: string): Record<string, Activity> {
  const { startToCloseTimeout, retry } = optionsOf('cluster');
  return proxyLocalActivities<Record<string, Activity>>({
    ...(startToCloseTimeout === undefined ? {} : { startToCloseTimeout }),
    ...(retry === undefined ? {} : { retry }),
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    summary,
  });
}

function bind<A extends object>(kinds: Record<keyof A, Kind>, taskQueue: string, where: string, patience: Patience): A {
  const byPatience = waitingOptions(patience);
  const bound = Object.entries<Kind>(kinds).map(([step, kind]): [string, Activity] => {
    const summary = `${step} · ${where}`;
    const activity = (kind === 'cluster' ? clusterActivity(summary) : proxyActivities<Record<string, Activity>>({
      ...optionsOf(kind),
      ...(kinds === CLUSTER ? {} : byPatience),
      taskQueue,
      cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
      summary,
    }))[step] as Activity;
    return [step, (...args) => activity(...args).catch((error: unknown) => Promise.reject(explain(error, { step, where })))];
  });
  return Object.fromEntries(bound) as A;
}
