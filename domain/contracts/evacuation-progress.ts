import type { EvacuationPlan, Forecast, MoveMode, PlannedMove } from './evacuation.js';
import type { EvacuationReport } from './evacuation-report.js';
import type { NodeName, Vmid } from '../ids.js';

/**
 * `waiting` for its turn, `moving`, `checking` its health where it arrived, `moved`; `retrying`: it will be planned again; `failed`: given up;
 * `stays`: there is no place or no way for it; `skipped`: an operator left it out; `gone`: it left the node by another hand.
 */
export const GUEST_STATES = ['waiting', 'moving', 'checking', 'moved', 'retrying', 'failed', 'stays', 'skipped', 'gone'] as const;
export type GuestState = (typeof GUEST_STATES)[number];

/** One guest of an evacuation. Its moves are child workflows named after it. */
export interface EvacuatedGuest {
  readonly vmid: Vmid;
  readonly kind: 'qemu' | 'lxc';
  readonly name: string;
  readonly state: GuestState;
  readonly from: NodeName;
  /** Planned or reached; null: nowhere. */
  readonly to: NodeName | null;
  readonly mode: MoveMode | null;
  readonly applications: readonly string[];
  readonly targetStorage?: string;
  /** It moves between other nodes to make room. */
  readonly parking: boolean;
  readonly canary: boolean;
  readonly attempts: number;
  /** When its last migration was begun. */
  readonly begunAtMs?: number;
  /** Of its migration that was begun last. */
  readonly runId?: string;
  /** Targets on which it failed: not planned there again. */
  readonly avoid: readonly NodeName[];
  readonly startedAtMs: number | null;
  readonly endedAtMs: number | null;
  readonly forecast: Forecast | null;
  /** null: it did not stand still, or nobody measured it. */
  readonly downtimeMs: number | null;
  readonly bytes: number | null;
  /** Why it is in this state. */
  readonly reason: string;
  /** What to do about it, of guests that stay. */
  readonly remedy?: string;
  /** It moved, but did not answer its health check. */
  readonly unhealthy?: string;
}

export const EVACUATION_PHASES = ['opening', 'planning', 'awaitingApproval', 'moving', 'paused', 'waitingForWindow', 'stopping', 'proving', 'returning', 'over'] as const;
export type EvacuationPhase = (typeof EVACUATION_PHASES)[number];

/** Something a person said to a running evacuation. */
export interface OperatorAction {
  readonly at: string;
  readonly by: string;
  readonly what: string;
}

/** Answer of the `evacuation` query. */
export interface EvacuationProgress {
  readonly node: NodeName;
  readonly direction: 'away' | 'home';
  readonly phase: EvacuationPhase;
  readonly detail: string;
  readonly guests: readonly EvacuatedGuest[];
  readonly plan: EvacuationPlan | null;
  readonly concurrency: number;
  readonly bwlimitKiBps: number | null;
  readonly startedAtMs: number;
  /** What is left, by the forecasts and by how far they were off so far; null: not known. */
  readonly etaMs: number | null;
  readonly actions: readonly OperatorAction[];
  readonly incidents: readonly string[];
  readonly report: EvacuationReport | null;
}

/** Why no further guest is started. */
export type StopReason = 'stopped' | 'cancelled' | 'budget' | 'canary';

/** Everything an evacuation knows, as it is carried into its next run. */
export interface EvacuationBookData {
  readonly direction: 'away' | 'home';
  readonly startedAtMs: number;
  readonly guests: readonly EvacuatedGuest[];
  /** Not begun yet, in the plan's order. */
  readonly moves: readonly PlannedMove[];
  readonly concurrency: number;
  readonly bwlimitKiBps: number | null;
  readonly canary: number;
  readonly failureBudget: number;
  readonly paused: boolean;
  readonly approved: boolean;
  readonly stop: StopReason | null;
  readonly bringBack: boolean;
  readonly plans: number;
  readonly first: PlanFigures | null;
  readonly actions: readonly OperatorAction[];
  readonly incidents: readonly string[];
  readonly retargets: readonly { readonly vmid: Vmid; readonly to: NodeName }[];
  readonly runs: number;
}

/** What the first plan promised. */
export type PlanFigures = Pick<EvacuationPlan, 'bytes' | 'durationMs' | 'quality' | 'warnings'> & { readonly moves: number };
