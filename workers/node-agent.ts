import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from '@temporalio/worker';
import { createNodeActivities } from '../activities/node/node-activities.js';
import { createSurveyActivity } from '../activities/node/survey-activity.js';
import { createSourceActivities } from '../activities/source/source-activities.js';
import { createTargetActivities } from '../activities/target/target-activities.js';
import { createClusterFiles } from '../cluster/cluster-files.js';
import type { EpochRef } from '../domain/ids.js';
import type { ColdPlan } from '../domain/contracts/plan.js';
import { messageOf } from '../domain/errors.js';
import { nodeQueue } from '../domain/ids.js';
import { ColdSourceSessions } from '../hypervisor/cold/source-sessions.js';
import { ColdTargetSessions } from '../hypervisor/cold/target-sessions.js';
import { honourFailpoints } from '../hypervisor/failpoint.js';
import { TargetSessions } from '../hypervisor/qemu/incoming/target-sessions.js';
import { createNodeProbe } from '../hypervisor/node/probe-node.js';
import { staticFacts } from '../hypervisor/node/static-facts.js';
import { SourceSessions } from '../hypervisor/qemu/migration/source-sessions.js';
import { coldPlanOf } from '../hypervisor/journal/entry-plan.js';
import { coldSourceDeps } from './cold/source-deps.js';
import { coldTargetDeps } from './cold/target-deps.js';
import { loadNodeConfig } from './config.js';
import { createLogger, installRuntime } from './logging.js';
import { createNodeMaintenance } from './maintenance.js';
import { sourceDeps, targetDeps } from './node-deps.js';
import { createNodeInspector, createNodeParts } from './node-parts.js';
import { createNodeSurveyor } from './placement/node-surveyor.js';
import { createNodeReconciler } from './reconcile/node-reconciler.js';
import { connectToTemporal, within, type TemporalLink } from './temporal.js';
import { startWatchdog } from './watchdog.js';

const RECONNECT_MS = 1000;
/** One guest that does not come up must not keep the node's others from being served. */
const RECOVER_MS = 30_000;
/** From the connection to the worker: two questions to the server. */
const BEGIN_SERVING_MS = 60_000;

/** The agent of one node: goes back on duty first, then serves the node's queue. */
async function main(): Promise<void> {
  const config = await loadNodeConfig();
  const log = createLogger(`ferry-agent ${config.node}`);
  honourFailpoints(process.env['FERRY_FAILPOINTS']);
  startWatchdog();
  const parts = createNodeParts(config);
  const source = new SourceSessions(sourceDeps(parts));
  const target = new TargetSessions(targetDeps(parts));
  const coldSource = new ColdSourceSessions(coldSourceDeps(parts));
  const coldTarget = new ColdTargetSessions(coldTargetDeps(parts));
  // Before Temporal: a guest that stands still in its blackout can't wait for the orchestrator.
  const cold = (await parts.journal.openEntries()).filter((entry) => coldPlanOf(entry) !== null);
  const recovered = [source.recover(), target.recover(), coldSource.recover(cold.filter(({ role }) => role === 'source')), coldTarget.recover(cold.filter(({ role }) => role === 'target'))];
  const recovery = Promise.all(recovered).then((sentences) => { for (const sentence of sentences.flat()) log.info(sentence); });
  await inTimeOrLater(recovery, () => log.warn(`going back on duty takes longer than ${RECOVER_MS / 1000} s; the other guests are served meanwhile`));

  installRuntime(log);
  const inspect = createNodeInspector(parts);
  const probePeer = createNodeProbe({ files: createClusterFiles(config.pveRoot), sshPort: config.ssh.port, observer: config.node, isPeer: true });
  // Takes seconds the first time; the first migration need not wait for it.
  staticFacts(config.qemuBinary, config.runDir).catch((error: unknown) => log.warn(messageOf(error)));
  const stopping = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stopping.abort());
  log.info('connecting to Temporal');
  const link = await connectPatiently(log, stopping.signal);
  if (link === null) return;
  const reconciler = createNodeReconciler(parts, link, log);
  const onOrphaned = (ref: EpochRef): void => reconciler.soon(ref);
  const coldPlan = async ({ vmid, epoch }: EpochRef): Promise<ColdPlan | null> => coldPlanOf(await parts.journal.read(vmid, epoch));
  const common = { token: parts.token, coldPlan, inspect, probePeer, onOrphaned };
  const asSource = createSourceActivities({ ...common, sessions: source, cold: coldSource, log: (sentence) => log.info(sentence) });
  const asTarget = createTargetActivities({ ...common, sessions: target, cold: coldTarget });
  // An agent that never serves is worse than one that ended: its unit starts the next.
  const worker = await within(BEGIN_SERVING_MS, `serve ${nodeQueue(config.node)} failed`, Worker.create({
    connection: link.connection,
    namespace: link.namespace,
    taskQueue: nodeQueue(config.node),
    identity: `${config.node}.agent@${process.pid}`,
    activities: {
      ...asSource,
      ...asTarget,
      // Of one name in both roles: this node's journal says which it has.
      decideAborted: async (ref: EpochRef) => ((await parts.journal.read(ref.vmid, ref.epoch))?.role === 'source' ? asSource : asTarget).decideAborted(ref),
      ...createNodeMaintenance(parts),
      ...createSurveyActivity({ survey: createNodeSurveyor(parts) }),
      ...createNodeActivities({ journal: parts.journal, reconcile: (options) => reconciler.pass(options) }),
    },
    // A dead host's open polls each swallow one attempt, so there are few of them.
    activityTaskPollerBehavior: { type: 'simple-maximum', maximum: 2 },
    // Observers hold a slot for as long as a migration takes; a full agent would look like a dead one.
    maxConcurrentActivityTaskExecutions: 256,
    // A cancellation reaches an activity with its next heartbeat: within half a second.
    maxHeartbeatThrottleInterval: '500ms',
    defaultHeartbeatThrottleInterval: '500ms',
    shutdownGraceTime: '1s',
    shutdownForceTime: '10s',
  }));
  log.info({ queue: nodeQueue(config.node) }, 'serving');
  reconciler.start(config.reconcileIntervalSeconds);
  await worker.run();
  reconciler.stop();
  await Promise.all([source.disposeAll(), target.disposeAll(), coldSource.disposeAll(), coldTarget.disposeAll()]);
  await link.connection.close();
}

/** An agent that fails to go back on duty ends, now or later, and the next one tries again. */
async function inTimeOrLater(recovery: Promise<void>, onLate: () => void): Promise<void> {
  const inTime = new AbortController();
  const late = sleep(RECOVER_MS, undefined, { signal: inTime.signal }).then(onLate, () => undefined);
  await Promise.race([recovery, late]);
  inTime.abort();
  recovery.catch((error: unknown) => {
    console.error(`ferry agent: ${messageOf(error)}`);
    process.exit(1);
  });
}

/** Guests on duty are served all the while; Temporal may come when it can. null: told to stop while waiting. */
async function connectPatiently(log: ReturnType<typeof createLogger>, stopping: AbortSignal): Promise<TemporalLink | null> {
  for (;;) {
    if (stopping.aborted) return null;
    try {
      return await connectToTemporal();
    } catch (error) {
      log.warn(`connect to Temporal failed: ${messageOf(error)}; trying again`);
      await sleep(RECONNECT_MS, undefined, { signal: stopping }).catch(() => undefined);
    }
  }
}

main().then(() => process.exit(0), (error: unknown) => {
  console.error(`ferry agent: ${messageOf(error)}`);
  process.exit(1);
});
