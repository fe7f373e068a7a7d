import type { Absentees, MovedGuest } from './cordon.js';
import type { EvacuationPlan, EvacuationRequest, NodeRemains, NodeSurvey, PlanInput } from './evacuation.js';
import type { RollRequest } from './roll.js';
import type { NodeName, Vmid } from '../ids.js';
import type { WindowState } from '../window/window-at.js';

/** Who holds a cordon. */
export interface CordonOwner {
  readonly epoch: string;
  readonly workflowId: string;
}

/** null, from histories of before: not known. */
export interface CordonTaken {
  /** Nobody had cordoned the node before. */
  readonly isNew: boolean;
}

/** Steps of an evacuation that need the cluster file system, or the solver. */
export interface EvacuationActivities {
  /** Parses the operator's input. Fails with `InvalidInput`; changes nothing. `nodes`: members of the cluster that are online. */
  openEvacuation(raw: unknown): Promise<{ readonly request: EvacuationRequest; readonly nodes: readonly NodeName[] }>;
  /** Reads every guest's config and the rules, and computes the plan. Changes nothing. */
  planEvacuation(input: PlanInput): Promise<EvacuationPlan>;
  /** Nothing new is placed on this node from now on; idempotent for the same owner. Fails with `NodeCordoned` when another evacuation that still runs holds the node. */
  cordonNode(input: CordonOwner & { readonly node: NodeName; readonly requestedBy: string; readonly reason?: string }): Promise<CordonTaken | null>;
  /** Fails with `NodeCordoned` while an evacuation of the node runs that is not `epoch`. */
  uncordonNode(input: { readonly node: NodeName; readonly epoch?: string }): Promise<void>;
  /** Keeps who left the node, for coming home; earlier absentees stay until they are back. */
  recordMoved(input: { readonly node: NodeName; readonly request: EvacuationRequest; readonly moved: readonly MovedGuest[] }): Promise<void>;
  /** Strikes guests that are home, or that can't be brought back any more. */
  recordReturned(input: { readonly node: NodeName; readonly vmids: readonly Vmid[] }): Promise<void>;
  /** Parses `{"node":"pve1", …}` and reads who is away; `elsewhere`: guests that somebody has moved since, with where they are now (null: nowhere). */
  openReturn(raw: unknown): Promise<OpenedReturn>;
  /** Parses the input of a rolling maintenance. Fails with `InvalidInput`; changes nothing. */
  openRoll(raw: unknown): Promise<RollRequest>;
  /** Whether the maintenance window is open at this moment, and until when that stays so. */
  windowAt(input: { readonly window: string; readonly atMs: number }): Promise<WindowState>;
}

/** Steps that watch other workflows, by the server's word. */
export interface FollowActivities {
  /** Waits for the end of the newest migration under the guest's usual workflow id, whoever started it; null: there is none. */
  followMigration(input: { readonly vmid: Vmid; readonly runId?: string }): Promise<FollowedEnd | null>;
  /** Gives up migrations of these guests that wait for an operator, where each allows it: before its commit, without risk to the guest. */
  freeStuck(input: { readonly vmids: readonly Vmid[]; readonly by: string }): Promise<readonly StuckMigration[]>;
}

export interface StuckMigration {
  readonly vmid: Vmid;
  /** What was done about it, or why nothing. */
  readonly sentence: string;
}

/** How a followed migration ended: its report, or the failure's code and sentence. */
export interface FollowedEnd {
  readonly report: unknown;
  readonly code: string;
  readonly sentence: string;
}

export interface OpenedReturn {
  readonly node: NodeName;
  readonly requestedBy: string;
  readonly reason?: string;
  /** null: nobody is known to be away. */
  readonly absentees: Absentees | null;
  readonly elsewhere: readonly { readonly vmid: Vmid; readonly node: NodeName | null }[];
}

/** Steps of an evacuation that one node's agent does. */
export interface NodeSurveyActivities {
  /** `probeDirtyRates`: looks for a second how fast running VMs rewrite their memory (QEMU `calc-dirty-rate`). */
  surveyNode(input: { readonly probeDirtyRates: boolean }): Promise<NodeSurvey>;
}

/** Questions and commands for a node that is being emptied. */
export interface MaintenanceActivities {
  /** Asks the node itself what is left beside these guests: processes, containers, volumes in use, reservations. */
  proveEmpty(input: { readonly except: readonly number[] }): Promise<NodeRemains>;
  /** Whether a guest's service answers, asked from its node: `tcp:<port>`, `http:<port>/<path>` or `agent`. Throws `GuestUnhealthy`. */
  checkGuestHealth(input: { readonly vmid: number; readonly check: string }): Promise<void>;
  /** Runs a maintenance command of the node's own configuration by name. Throws `HookFailed` when it is not there or does not end well. */
  runHook(input: { readonly hook: string }): Promise<{ readonly output: string }>;
}
