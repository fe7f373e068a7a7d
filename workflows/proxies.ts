import { ActivityCancellationType, proxyActivities, proxyLocalActivities, type ActivityOptions } from '@temporalio/workflow';
import type { ClusterActivities, NodeActivities, SourceActivities, TargetActivities } from '../domain/contracts/activities.js';
import type { EvacuationActivities, FollowActivities, MaintenanceActivities, NodeSurveyActivities } from '../domain/contracts/evacuation-activities.js';
import { ERROR_CODES, type ErrorCode } from '../domain/errors.js';
import { MIGRATIONS_QUEUE, nodeQueue, type NodeName, type Vmid } from '../domain/ids.js';
import { explain } from './failures.js';
import { noteWritten } from './history.js';
import { HEARTBEAT_TIMEOUT, isAudible, throughSilence, type SilenceListener } from './through-silence.js';
import { timings } from './timings.js';

/** The activities of one migration, each call with its summary. They throw `ApplicationFailure`s by error code, or a cancellation. */
export interface Steps {
  readonly cluster: ClusterActivities;
  readonly source: SourceActivities;
  readonly target: TargetActivities;
}

/** `patient`: a task waits long for an agent that is away, because the step has to be done in the end. `probe`: one short try. */
type Patience = 'prompt' | 'patient' | 'probe';

/** `listener`: is told of a node that does not answer a `prompt` step, while that lasts. */
export function stepsFor(source: NodeName, target: NodeName, vmid: Vmid, patience: Patience = 'prompt', listener: SilenceListener | null = null): Steps {
  const at = (node: NodeName): Binding => ({ taskQueue: nodeQueue(node), where: `${node} (vm ${vmid})`, patience, node, listener });
  return { cluster: clusterSteps(vmid), source: bind<SourceActivities>(SOURCE, at(source)), target: bind<TargetActivities>(TARGET, at(target)) };
}

export const clusterSteps = (vmid: Vmid): ClusterActivities =>
  bind<ClusterActivities>(CLUSTER, { taskQueue: MIGRATIONS_QUEUE, where: `cluster (vm ${vmid})`, patience: 'prompt', node: null, listener: null });

/** What an agent does for its node. `about`: for the summaries. */
export const nodeSteps = (node: NodeName, about: string, patience: 'prompt' | 'patient' = 'prompt'): NodeActivities =>
  bind<NodeActivities>(NODE, { taskQueue: nodeQueue(node), where: `${node}${about}`, patience, node, listener: null });

/** What an evacuation does on the cluster file system, and asks the server. `about`: for the summaries. */
export const evacuationSteps = (about: string): EvacuationActivities & FollowActivities =>
  bind<EvacuationActivities & FollowActivities>(EVACUATION, { taskQueue: MIGRATIONS_QUEUE, where: about, patience: 'prompt', node: null, listener: null });

/** What an agent does for a node that is emptied, or that takes guests. */
export const maintenanceSteps = (node: NodeName, about = ''): NodeSurveyActivities & MaintenanceActivities =>
  bind<NodeSurveyActivities & MaintenanceActivities>(MAINTENANCE, { taskQueue: nodeQueue(node), where: `${node}${about}`, patience: 'prompt', node, listener: null });

type Kind = 'hop' | 'plan' | 'follow' | 'health' | 'hook' | 'cluster' | 'step' | 'observer' | 'copy' | 'collect' | 'look' | 'fence';

const CLUSTER: Record<keyof ClusterActivities, Kind> = {
  openRequest: 'cluster', lockGuest: 'cluster', unlockGuest: 'cluster', readDecision: 'cluster', decideAborted: 'cluster', forgetEpoch: 'cluster', endEpoch: 'cluster',
  probeNode: 'look', fenceDelayMs: 'cluster', fenceNode: 'fence',
  openSettlement: 'cluster', readRun: 'hop', listNodes: 'cluster', requestSlots: 'hop', releaseSlots: 'cluster',
};
const SOURCE: Record<keyof SourceActivities, Kind> = {
  inspectSource: 'step', prepareSource: 'step', syncDisks: 'observer', precopy: 'observer', switchover: 'collect',
  syncVolumes: 'copy', handOverCold: 'observer',
  limitBandwidth: 'step',
  rollbackSource: 'step', cleanupSource: 'step', resolveSource: 'step', decideAborted: 'step', probePeer: 'step',
};
const TARGET: Record<keyof TargetActivities, Kind> = {
  inspectTarget: 'step', reserveTarget: 'step', armTarget: 'observer', verifyRunning: 'step', releaseReservation: 'step',
  finishCommit: 'step', cleanupTarget: 'step', resolveTarget: 'step', decideAborted: 'step', probePeer: 'step',
};

const NODE: Record<keyof NodeActivities, Kind> = { readLedger: 'step', reconcileNode: 'step' };

const EVACUATION: Record<keyof (EvacuationActivities & FollowActivities), Kind> = {
  openEvacuation: 'hop', planEvacuation: 'plan', cordonNode: 'hop', uncordonNode: 'hop', recordMoved: 'hop', recordReturned: 'hop',
  openReturn: 'hop', openRoll: 'hop', windowAt: 'hop', followMigration: 'follow', freeStuck: 'plan',
};
const MAINTENANCE: Record<keyof (NodeSurveyActivities & MaintenanceActivities), Kind> = {
  surveyNode: 'step', proveEmpty: 'step', checkGuestHealth: 'health', runHook: 'hook',
};

/** Errors that the same node may get over by itself within seconds. */
const MAY_PASS: readonly ErrorCode[] = ['NodeUnreachable', 'ClusterReadOnly', 'QmpError', 'StorageUnavailable', 'TransportFailed'];
/** An observer watches work that lives in QEMU: only losing the observer itself is retried, not losing the work. */
const OBSERVER_MAY_PASS: readonly ErrorCode[] = ['NodeUnreachable', 'ClusterReadOnly'];

const COPY_ATTEMPTS = 40;

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
    case 'copy':
      // It goes on where it was, so a link or an agent that is away for minutes costs nothing but these.
      return {
        ...node,
        startToCloseTimeout: t.observerMs,
        retry: { initialInterval: t.retryInitialMs, backoffCoefficient: 2, maximumInterval: t.retryMaximumMs, maximumAttempts: COPY_ATTEMPTS, nonRetryableErrorTypes: allBut(MAY_PASS) },
      };
    case 'plan':
      // A solver at work beats no heart.
      return { startToCloseTimeout: t.planMs, heartbeatTimeout: t.planSilenceMs, retry: { ...retry, nonRetryableErrorTypes: allBut(MAY_PASS) } };
    case 'follow':
      // It only waits: another control worker waits on.
      return { startToCloseTimeout: t.observerMs, heartbeatTimeout: t.heartbeatMs, retry: { initialInterval: t.observerRetryMs, backoffCoefficient: 1 } };
    case 'health':
      return { ...node, startToCloseTimeout: t.healthMs, retry: { ...retry, maximumAttempts: 3, nonRetryableErrorTypes: allBut(MAY_PASS) } };
    case 'hook':
      // A command that was begun is never begun again: it may have rebooted the node.
      return { ...node, startToCloseTimeout: t.hookMs, retry: { maximumAttempts: 1 } };
    case 'hop':
      // Not local. For who asks the nodes in the same breath, it would hold those questions back until it is done. And a workflow in which many things
      // happen at once may have none (docs/design/019).
      return { startToCloseTimeout: t.clusterStepMs, heartbeatTimeout: t.heartbeatMs, retry: { ...retry, nonRetryableErrorTypes: allBut(MAY_PASS) } };
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

interface Binding {
  readonly taskQueue: string;
  readonly where: string;
  readonly patience: Patience;
  /** null: any node of the cluster. */
  readonly node: NodeName | null;
  readonly listener: SilenceListener | null;
}

function bind<A extends object>(kinds: Record<keyof A, Kind>, binding: Binding): A {
  const bound = Object.entries<Kind>(kinds).map(([step, kind]): [string, Activity] => {
    const activity = activityOf(step, kind, binding);
    return [step, (...args) => activity(...args).catch((error: unknown) => Promise.reject(explain(error, { step, where: binding.where })))];
  });
  return Object.fromEntries(bound) as A;
}

function activityOf(step: string, kind: Kind, { taskQueue, where, patience, node, listener }: Binding): Activity {
  const summary = `${step} · ${where}`;
  if (kind === 'cluster') return noting('localActivity', clusterActivity(summary)[step] as Activity);
  const remote = (options: ActivityOptions): Activity => noting('activity', proxyActivities<Record<string, Activity>>({
    ...options,
    taskQueue,
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    summary,
  })[step] as Activity);
  const options = { ...optionsOf(kind), ...(node === null ? {} : waitingOptions(patience)) };
  if (node === null || listener === null || patience !== 'prompt' || !isAudible(kind)) return remote(options);
  const { retry } = options;
  const audible = { ...options, retry: { ...retry, nonRetryableErrorTypes: [...(retry?.nonRetryableErrorTypes ?? []), HEARTBEAT_TIMEOUT] } };
  return (...args) => throughSilence(kind, { node, step, listener }, (limits) => remote({ ...audible, ...limits })(...args));
}

const noting = (what: 'activity' | 'localActivity', activity: Activity): Activity => (...args) => {
  noteWritten(what);
  return activity(...args);
};
