import type { EpochRef, NodeName } from '../ids.js';

export interface NodeProbeInput extends EpochRef {
  readonly node: NodeName;
  /** On the migration network; the management address is in the cluster's member list. */
  readonly migrationAddress: string;
}

/** What one observer found out about a silent node: one sentence for each way it was asked. */
export interface NodeProbe {
  /** Signs of life. One is enough: the node is not fenced. */
  readonly answers: readonly string[];
  readonly silences: readonly string[];
}

export interface FenceInput extends EpochRef {
  readonly node: NodeName;
}

/** What became of the fence command of a node. */
export interface FenceResult {
  /** It ended with exit code 0. */
  readonly done: boolean;
  /** What was run and how it ended, in one sentence. */
  readonly sentence: string;
}
