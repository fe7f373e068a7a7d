import { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import { createClusterFiles } from '../../cluster/cluster-files.js';
import { createGuestClaims } from '../../cluster/guest-claims.js';
import { MIGRATIONS_QUEUE, settlementWorkflowId } from '../../domain/ids.js';
import type { NodeParts } from '../node-deps.js';
import { createReadRun } from '../run-states.js';
import type { TemporalLink } from '../temporal.js';
import { Reconciler } from './reconciler.js';
import { surveyNode } from './survey-node.js';

/** An agent's reconciler, with the real parts of its node. */
export function createNodeReconciler(parts: NodeParts, link: TemporalLink, log: Logger): Reconciler {
  const { config, journal, configs, lock, storages } = parts;
  const { workflow } = new Client(link);
  const files = createClusterFiles(config.pveRoot);
  const claims = createGuestClaims(config.pveRoot, configs, lock);
  return new Reconciler({
    survey: () => surveyNode({ node: config.node, paths: config, journal, claims, files, storages: () => storages.configs() }),
    readRun: createReadRun(workflow),
    settle: async (request) => {
      const { workflowId } = await workflow.start('settleMigration', {
        taskQueue: MIGRATIONS_QUEUE, workflowId: settlementWorkflowId(request), workflowIdConflictPolicy: 'USE_EXISTING', args: [request],
        staticSummary: `Settle what a closed migration of VM ${request.vmid} left, found by ${config.node}`,
      });
      return workflowId;
    },
    log: (level, sentence) => { log[level](sentence); },
  });
}
