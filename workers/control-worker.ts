import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from '@temporalio/client';
import { createClusterActivities } from '../activities/cluster/cluster-activities.js';
import { createClusterFiles } from '../cluster/cluster-files.js';
import { createCommitToken } from '../cluster/commit-token.js';
import { createCordonStore } from '../cluster/cordons.js';
import { gatherClusterFacts } from '../cluster/gather-cluster-facts.js';
import { createGuestConfigStore } from '../cluster/guest-config-store.js';
import { createGuestLock } from '../cluster/guest-lock.js';
import { needsOf } from '../domain/admission/needs.js';
import type { FenceResult } from '../domain/contracts/fencing.js';
import { fenceFor } from '../domain/edge/fence-config.js';
import type { FerryConfig } from '../domain/edge/ferry-config.js';
import { messageOf } from '../domain/errors.js';
import { honourFailpoints } from '../hypervisor/failpoint.js';
import type { NodeName } from '../domain/ids.js';
import { createNodeProbe } from '../hypervisor/node/probe-node.js';
import { runFence } from '../hypervisor/node/run-fence.js';
import { loadConfig } from './config.js';
import { createControlWorker } from './control.js';
import { createControlEvacuation } from './control-evacuation.js';
import { engineVersion } from './engine-version.js';
import { createLogger, installRuntime } from './logging.js';
import { createHighsSolver } from './placement/highs-solver.js';
import { createPlanner } from './placement/planner.js';
import { createReadRun } from './run-states.js';
import { createReleaseSlots, createRequestSlots } from './slot-ledgers.js';
import { connectToTemporal } from './temporal.js';

const RECONNECT_MS = 1000;

/** The process that runs the workflows. Waits for Temporal as long as it takes. */
async function main(): Promise<void> {
  const log = createLogger('ferry-control');
  honourFailpoints(process.env['FERRY_FAILPOINTS']);
  installRuntime(log);
  const { pveRoot, ssh, fence, slots, links } = await loadConfig();
  const configs = createGuestConfigStore(pveRoot);
  const lock = createGuestLock(pveRoot, configs);
  const files = createClusterFiles(pveRoot);
  const cordons = createCordonStore(pveRoot);
  const solve = createHighsSolver();
  for (;;) {
    try {
      const link = await connectToTemporal();
      const { workflow } = new Client(link);
      const activities = createClusterActivities({
        token: createCommitToken(pveRoot), lock, now: () => new Date(), readRun: createReadRun(workflow),
        probeNode: createNodeProbe({ files, sshPort: ssh.port, observer: 'the control worker', isPeer: false }),
        fenceDelayMs: ({ node }) => {
          const found = fenceFor(fence, node);
          return found === null ? null : found.afterSeconds * 1000;
        },
        fenceNode: ({ node }) => fenceNode(fence, node),
        slotsBetween: (source, target) => needsOf(source, target, slots, links),
        requestSlots: createRequestSlots(workflow),
        releaseSlots: createReleaseSlots(workflow),
        gatherFacts: (vmid) => gatherClusterFacts({ files, configs, lock, cordons }, vmid, engineVersion()),
        nodes: async () => (await files.members()).members.map(({ name }) => name),
        configNode: async (vmid) => (await configs.find(vmid))?.node ?? null,
      });
      const evacuation = { ...createControlEvacuation({ cordons, files, configs }, workflow), ...createPlanner({ pveRoot, cordons, files, solve, links }, workflow) };
      const bundlePath = join(process.env['FERRY_HOME'] ?? process.cwd(), 'dist/workflow-bundle.js');
      const worker = await createControlWorker({ ...link, activities: { ...activities, ...evacuation }, bundlePath });
      log.info('serving');
      await worker.run();
      await link.connection.close();
      return;
    } catch (error) {
      log.warn(`serve failed: ${messageOf(error)}; trying again`);
      await sleep(RECONNECT_MS);
    }
  }
}

function fenceNode(fence: FerryConfig['fence'], node: NodeName): Promise<FenceResult> {
  const found = fenceFor(fence, node);
  if (found === null) return Promise.resolve({ done: false, sentence: `no fence command is configured for ${node}` });
  return runFence(found.command, found.timeoutSeconds);
}

main().then(() => process.exit(0), (error: unknown) => {
  console.error(`ferry control: ${messageOf(error)}`);
  process.exit(1);
});
