import type { EvacuatedGuest, OperatorAction, PlanFigures } from './evacuation-progress.js';
import type { EvacuationPlan, NodeRemains } from './evacuation.js';
import type { NodeName } from '../ids.js';

/**
 * `empty`: proved by the node itself. `not-empty`: something stays, said by whom and why. `planned`: a dry run. `stopped`: by an operator or the
 * failure budget. `home` and `not-home`: of guests that were to be brought back.
 */
export type EvacuationOutcome = 'empty' | 'not-empty' | 'planned' | 'stopped' | 'cancelled' | 'home' | 'not-home';

/** The record of one evacuation, or of bringing its guests back: result of the workflow, or details of its failure. */
export interface EvacuationReport {
  readonly node: NodeName;
  readonly direction: 'away' | 'home';
  readonly workflowId: string;
  readonly outcome: EvacuationOutcome;
  readonly reason: string;
  readonly requestedBy: string;
  readonly requestReason: string | null;
  readonly startedAt: string;
  readonly endedAt: string;
  readonly totalMs: number;
  readonly guests: readonly EvacuatedGuest[];
  /** What the first plan promised; null: there was none. */
  readonly planned: PlanFigures | null;
  /** How often it was planned. */
  readonly plans: number;
  /** Of a dry run. */
  readonly plan: EvacuationPlan | null;
  /** What the node itself said is left, beside the guests named above; null: it was not asked. */
  readonly remains: NodeRemains | null;
  readonly actions: readonly OperatorAction[];
  readonly incidents: readonly string[];
  /** Runs of the workflow: it continues as new before its history grows long. */
  readonly runs: number;
}
