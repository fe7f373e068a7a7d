import { defineQuery, defineUpdate, setHandler } from '@temporalio/workflow';
import type { RollProgress } from '../../domain/contracts/roll.js';
import { invalid, refused, requireAuthor } from '../evacuation/validate.js';
import type { OperatorInput } from '../messages.js';
import type { RollState } from './state.js';

export const rollQuery = defineQuery<RollProgress>('roll');

export interface NodeReadyInput extends OperatorInput {
  readonly node: string;
}

/** The maintenance of a node is over. */
export const nodeReady = defineUpdate<string, [NodeReadyInput]>('nodeReady');

export function installRollHandlers(desk: { readonly state: RollState | null }): void {
  setHandler(rollQuery, () => stateOf(desk).progress, { description: 'Every node with its state and reason.' });
  setHandler(nodeReady, ({ node }) => {
    stateOf(desk).ready.add(node);
    return `${node} is asked whether it is well, then its guests come home`;
  }, {
    description: 'The maintenance of a node is over: {"node": "pve1", "by": "name"}.',
    validator: (input) => {
      requireAuthor(input);
      if (typeof input.node !== 'string') throw invalid('node: the name of a node is needed');
      const state = stateOf(desk).node(input.node)?.state;
      if (state !== 'inMaintenance') throw refused(`${input.node} ${state === undefined ? 'is not part of it' : `is ${state}, not in maintenance`}`);
    },
  });
}

function stateOf({ state }: { readonly state: RollState | null }): RollState {
  if (state === null) throw refused('it has not begun');
  return state;
}
