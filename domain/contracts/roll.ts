import type { EvacuationRequest } from './evacuation.js';
import type { NodeName } from '../ids.js';

/** Rolling maintenance, parsed and complete. */
export interface RollRequest {
  /** One group after the other; the nodes of a group at the same time. */
  readonly groups: readonly (readonly NodeName[])[];
  /** Name of a maintenance command in the nodes' own configuration; absent: the Update `nodeReady` is waited for. */
  readonly hook?: string;
  /** Guests come home before the next group. */
  readonly returnHome: boolean;
  /** A node that does not answer for so long after its maintenance ends the roll. */
  readonly returnTimeoutSeconds: number;
  /** Everything else: how each node is emptied. `node` is each in turn. */
  readonly evacuation: EvacuationRequest;
}

export const NODE_STATES = ['waiting', 'emptying', 'inMaintenance', 'returning', 'comingHome', 'done', 'failed'] as const;
export type RollNodeState = (typeof NODE_STATES)[number];

export interface RolledNode {
  readonly node: NodeName;
  readonly state: RollNodeState;
  readonly reason: string;
  readonly startedAtMs: number | null;
  readonly endedAtMs: number | null;
  /** Guests that left, and of those the ones that came home. */
  readonly left: number;
  readonly cameHome: number;
}

/** Answer of the `roll` query. */
export interface RollProgress {
  readonly nodes: readonly RolledNode[];
  readonly startedAtMs: number;
  readonly runs: number;
}

/** Result of the workflow, or details of its failure. */
export interface RollReport extends RollProgress {
  readonly outcome: 'done' | 'stopped' | 'cancelled';
  readonly reason: string;
  readonly endedAtMs: number;
}
