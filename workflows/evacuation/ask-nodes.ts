import { isCancellation } from '@temporalio/workflow';
import type { NodeSurvey } from '../../domain/contracts/evacuation.js';
import { messageOf } from '../../domain/errors.js';
import type { NodeName } from '../../domain/ids.js';
import { maintenanceSteps } from '../proxies.js';

export interface Asked {
  readonly surveys: readonly NodeSurvey[];
  /** Nodes that did not answer. */
  readonly silent: readonly { readonly node: NodeName; readonly cause: string }[];
}

/** Asks every node what it has to give, all at once; `probed`: where VMs are watched for a second (null: nowhere). */
export async function askNodes(nodes: readonly NodeName[], probed: NodeName | null): Promise<Asked> {
  const answers = await Promise.all(nodes.map((node) => survey(node, node === probed)));
  return { surveys: answers.flatMap((answer) => ('survey' in answer ? [answer.survey] : [])), silent: answers.flatMap((answer) => ('survey' in answer ? [] : [answer])) };
}

async function survey(node: NodeName, probeDirtyRates: boolean): Promise<{ readonly survey: NodeSurvey } | { readonly node: NodeName; readonly cause: string }> {
  try {
    return { survey: await maintenanceSteps(node).surveyNode({ probeDirtyRates }) };
  } catch (error) {
    if (isCancellation(error)) throw error;
    return { node, cause: messageOf(error) };
  }
}
