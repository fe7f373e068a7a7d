import type { Planned } from '../domain/contracts/activities.js';
import type { EpochRef } from '../domain/ids.js';
import type { MigrateRequest } from '../domain/contracts/request.js';
import type { MigrationPlan } from '../domain/contracts/plan.js';
import type { Saga } from '../domain/saga.js';
import type { OperatorWord } from './operator/word.js';
import type { Steps } from './proxies.js';
import type { Admission } from './slots/admission.js';
import type { MigrationState } from './state.js';

/** One migration in progress: what the phases share. */
export interface MigrationRun {
  readonly ref: EpochRef;
  readonly planned: Planned;
  readonly plan: MigrationPlan;
  readonly request: MigrateRequest;
  readonly warnings: readonly string[];
  readonly state: MigrationState;
  readonly saga: Saga;
  /** As `steps`, for what has to be done in the end: waits long for a node that is away. */
  readonly patient: Steps;
  readonly steps: Steps;
  /** As `steps`, to find out at once whether somebody answers. */
  readonly probe: Steps;
  readonly operator: OperatorWord;
  /** A commit token may exist: a failure has to be decided before it is undone. */
  tokenPossible: boolean;
  /** The driver may have begun the switch: the decision needs evidence from both nodes. */
  switchPossible: boolean;
  /** The target, listening for HANDOVER. */
  armed: { disarm(): Promise<void> } | null;
  /** What the token says, once it is known here. */
  decided: 'committed' | 'aborted' | null;
  /** Nodes whose part an operator allowed to be left. */
  readonly left: Set<'source' | 'target'>;
  /** Committed, but the target was fenced before its guest was seen running. */
  targetLost: boolean;
  /** The slots it holds; null: it needs none. */
  readonly admission: Admission | null;
}
