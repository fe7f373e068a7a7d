/**
 * Asks every node (or the named ones) to compare its journal, the workflows and what is really there, once, now. Input:
 * `{"dryRun":true,"nodes":["pve1"]}`, both optional:
 *
 * - the members of the cluster
 * - every node at once; one that does not answer is named, the others go on
 */
import type { ClusterReconciliation, NodeReconciliation } from '../domain/contracts/reconcile.js';
import { messageOf } from '../domain/errors.js';
import { failure } from './failures.js';
import { clusterSteps, nodeSteps } from './proxies.js';

export interface ReconcileWish {
  readonly dryRun?: boolean;
  readonly nodes?: readonly string[];
}

export async function reconcileCluster(wish: ReconcileWish = {}): Promise<ClusterReconciliation> {
  const dryRun = wish.dryRun === true;
  const members = await clusterSteps(0).listNodes();
  const wanted = wish.nodes ?? members;
  const strange = wanted.filter((node) => !members.includes(node));
  if (strange.length > 0) throw failure('InvalidInput', `reconcile failed: ${strange.join(', ')}: not a member of the cluster, which has ${members.join(', ')}`);
  const silent: { node: string; cause: string }[] = [];
  const answers = await Promise.all(wanted.map((node) => nodeSteps(node, '').reconcileNode({ dryRun }).catch((error: unknown): NodeReconciliation | null => {
    silent.push({ node, cause: messageOf(error) });
    return null;
  })));
  return { dryRun, nodes: answers.filter((answer) => answer !== null), silent };
}
