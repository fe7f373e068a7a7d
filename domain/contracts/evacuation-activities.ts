import type { EvacuationPlan, EvacuationRequest, NodeRemains, NodeSurvey, PlanInput } from './evacuation.js';
import type { NodeName } from '../ids.js';

/** Steps of an evacuation that need the cluster file system, or the solver. */
export interface EvacuationActivities {
  /** Parses the operator's input. Fails with `InvalidInput`; changes nothing. `nodes`: members of the cluster that are online. */
  openEvacuation(raw: unknown): Promise<{ readonly request: EvacuationRequest; readonly nodes: readonly NodeName[] }>;
  /** Reads every guest's config and the rules, and computes the plan. Changes nothing. */
  planEvacuation(input: PlanInput): Promise<EvacuationPlan>;
  /** Nothing new is placed on this node from now on; idempotent for the same owner. Fails when another evacuation holds the node. */
  cordonNode(input: { readonly node: NodeName; readonly owner: string; readonly requestedBy: string; readonly reason?: string }): Promise<void>;
  uncordonNode(input: { readonly node: NodeName; readonly owner?: string }): Promise<void>;
}

/** Steps of an evacuation that one node's agent does. */
export interface NodeSurveyActivities {
  /** `probeDirtyRates`: looks for a second how fast running VMs rewrite their memory (QEMU `calc-dirty-rate`). */
  surveyNode(input: { readonly probeDirtyRates: boolean }): Promise<NodeSurvey>;
  /** Asks the node itself what is left: processes, containers, volumes in use, reservations. */
  proveEmpty(input: { readonly except: readonly number[] }): Promise<NodeRemains>;
  /** Whether a guest's service answers, asked from its node. Throws `GuestUnhealthy`. */
  checkGuestHealth(input: { readonly vmid: number; readonly check: string }): Promise<void>;
  /** Runs a maintenance command of the node's own configuration by name. */
  runHook(input: { readonly hook: string; readonly timeoutSeconds: number }): Promise<{ readonly exitCode: number; readonly output: string }>;
}
