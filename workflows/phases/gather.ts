import { isCancellation } from '@temporalio/workflow';
import type { ClusterFacts, MigrationFacts, NodeFacts } from '../../domain/contracts/facts.js';
import type { MigrateRequest } from '../../domain/contracts/request.js';
import type { NodeName } from '../../domain/ids.js';
import { volidsToAsk } from '../../domain/prerequisites/cold/context.js';
import { messageOf } from '../../domain/errors.js';
import { stepsFor } from '../proxies.js';
import type { SilenceListener } from '../through-silence.js';
import { together } from '../together.js';

/** What both nodes say about themselves, asked at once. A node that does not answer is a fact, not a failure. Changes nothing. */
export async function gatherFacts(request: MigrateRequest, cluster: ClusterFacts, listener: SilenceListener | null = null): Promise<MigrationFacts> {
  const { vmid, target } = request;
  const source = cluster.guest?.node ?? null;
  const steps = stepsFor(source ?? target, target, vmid, 'prompt', listener);
  const input = { vmid, storages: cluster.storages.filter(({ disabled }) => !disabled).map(({ id }) => id), volids: volidsToAsk(cluster), cold: request.offlineShutdown === true || request.restart === true };
  const [sourceAnswer, targetAnswer] = await together(
    () => answer(cluster, source, () => steps.source.inspectSource(input)),
    () => answer(cluster, target, () => steps.target.inspectTarget(input)),
  );
  return {
    cluster,
    source: sourceAnswer.facts,
    target: targetAnswer.facts,
    unreachable: [...sourceAnswer.unreachable, ...targetAnswer.unreachable],
  };
}

interface Answer {
  readonly facts: NodeFacts | null;
  readonly unreachable: MigrationFacts['unreachable'];
}

async function answer(cluster: ClusterFacts, node: NodeName | null, ask: () => Promise<NodeFacts>): Promise<Answer> {
  const member = cluster.members.find(({ name }) => name === node);
  if (node === null || member === undefined) return { facts: null, unreachable: [] };
  if (!member.online) return { facts: null, unreachable: [{ node, cause: 'the cluster sees it offline' }] };
  try {
    return { facts: await ask(), unreachable: [] };
  } catch (error) {
    if (isCancellation(error)) throw error;
    return { facts: null, unreachable: [{ node, cause: messageOf(error) }] };
  }
}
