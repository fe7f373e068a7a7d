import { messageOf } from '../../domain/errors.js';
import type { NodeProbe } from '../../domain/contracts/fencing.js';
import type { NodeName } from '../../domain/ids.js';
import { codeOf } from '../failures.js';
import type { MigrationRun } from '../run.js';

/**
 * Looks for any sign of life of a node before its fencing is believed: its agent, over Temporal, and with it its QEMU; its sshd on
 * every network, asked by the other node and by a control worker; its place in the cluster. Who can't be asked says nothing.
 */
export async function askForLife(run: MigrationRun, node: NodeName): Promise<NodeProbe> {
  const { plan, ref, steps } = run;
  const isSource = node === plan.source;
  const input = { ...ref, node, migrationAddress: isSource ? plan.transport.sourceAddress : plan.transport.targetAddress };
  const [other, peer] = isSource ? [plan.target, steps.target] : [plan.source, steps.source];
  const found = await Promise.all([
    askAgent(run, node, isSource),
    peer.probePeer(input).catch(notAsked(other)),
    steps.cluster.probeNode(input).catch(notAsked('a control worker')),
  ]);
  return { answers: unique(found.flatMap(({ answers }) => answers)), silences: unique(found.flatMap(({ silences }) => silences)) };
}

async function askAgent({ probe, ref }: MigrationRun, node: NodeName, isSource: boolean): Promise<NodeProbe> {
  try {
    const { qemu } = await (isSource ? probe.source.resolveSource(ref) : probe.target.resolveTarget(ref));
    return { answers: [`its agent answers, and the guest's QEMU there is ${qemu}`], silences: [] };
  } catch (error) {
    // Only a missing answer is silence: a refusal was written by a living agent.
    return codeOf(error) === 'NodeUnreachable'
      ? { answers: [], silences: [`its agent does not answer: ${messageOf(error)}`] }
      : { answers: [`its agent answers: ${messageOf(error)}`], silences: [] };
  }
}

const notAsked = (who: string) => (error: unknown): NodeProbe => ({ answers: [], silences: [`${who} could not look: ${messageOf(error)}`] });

const unique = (sentences: readonly string[]): string[] => [...new Set(sentences)];
