import type { Cordon } from '../contracts/cordon.js';
import type { Refusal } from '../contracts/plan.js';
import type { NodeName } from '../ids.js';
import type { CheckContext } from './context.js';
import { refuse } from './refuse.js';

/** Quorum, files that could not be read, and the two nodes as members of one cluster. */
export function checkCluster(context: CheckContext): readonly Refusal[] {
  return [...checkFiles(context), ...checkTarget(context), ...checkNodesAnswer(context)];
}

function checkFiles({ cluster: { quorate, configProblems } }: CheckContext): Refusal[] {
  const problems = configProblems.map(({ file, problem }) =>
    refuse('config-invalid', `${file}: ${problem}`, `correct ${file}; nothing is assumed in place of what can't be read`),
  );
  if (quorate) return problems;
  return [refuse('no-quorum', 'cluster not ready - no quorum?', 'bring back enough nodes for a majority: pvecm status'), ...problems];
}

function checkTarget({ cluster, request: { target, force } }: CheckContext): Refusal[] {
  const sourceNode = cluster.guest?.node;
  if (sourceNode === target) {
    return [refuse('target-is-source', `target is local node. The guest is on ${target} already`, 'choose another node as target')];
  }
  const members = cluster.members.map(({ name }) => name);
  if (!members.includes(target)) {
    return [refuse('target-unknown', `no such cluster node '${target}'`, `choose a member: ${members.filter((n) => n !== sourceNode).join(', ')}`)];
  }
  return checkCordon(cluster.cordons ?? [], target, force);
}

function checkCordon(cordons: readonly Cordon[], target: NodeName, force: boolean): Refusal[] {
  const cordon = force ? undefined : cordons.find(({ node }) => node === target);
  if (cordon === undefined) return [];
  return [refuse('node-cordoned', `node '${target}' is cordoned: ${cordon.workflowId} emptied it, requested by ${cordon.requestedBy} at ${cordon.since}`, `choose another node, or let it take guests again: ferry uncordon ${target}`)];
}

/** An offline member is said once, whoever noticed it. */
function checkNodesAnswer({ cluster, request, source, target, unreachable }: CheckContext): Refusal[] {
  const owner = cluster.guest?.node;
  const sides = [
    { node: owner, facts: source },
    { node: request.target === owner ? undefined : request.target, facts: target },
  ];
  return sides.flatMap(({ node, facts }) => {
    const member = cluster.members.find(({ name }) => name === node);
    if (node === undefined || member === undefined) return [];
    if (!member.online) return [refuse('node-offline', `node '${node}' is offline`, `start ${node}, or choose another node`)];
    if (facts !== null) return [];
    const cause = unreachable.find((entry) => entry.node === node)?.cause ?? 'it said nothing about itself';
    return [refuse('node-unreachable', `node '${node}' does not answer: ${cause}`, `check the network and the node agent on ${node}`)];
  });
}
