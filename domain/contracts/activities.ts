import type { DriveName, EpochRef, NodeName, Vmid, Volid } from '../ids.js';
import type { ColdEndpoints, ColdSwitchResult, VolumeSyncReport } from './cold.js';
import type { Endpoint } from './endpoint.js';
import type { FenceInput, FenceResult, NodeProbe, NodeProbeInput } from './fencing.js';
import type { ClusterFacts, GuestRunState, NodeFacts } from './facts.js';
import type { MigrationPlan } from './plan.js';
import type { MigrateRequest } from './request.js';
import type { SlotAnswer, SlotAsker, SlotNeed, SlotReleases, SlotRequests } from './slots.js';
import type { NextStep, RoundSample } from '../convergence/sample.js';
import type { LedgerEntry, NodeReconciliation, SettlementFacts } from './reconcile.js';
import type { RunState } from './run-state.js';

export interface Planned extends EpochRef {
  readonly plan: MigrationPlan;
  /** The workflow that runs this migration: whoever finds the journal later asks it whether it still does. */
  readonly workflowId?: string;
}

export interface DiskExport {
  readonly drive: DriveName;
  readonly exportName: string;
  readonly volid: Volid;
  readonly format: 'raw' | 'qcow2';
}

/** What the target made ready for this epoch of a live migration. */
export interface TargetEndpoints {
  readonly ram: Endpoint;
  readonly nbd: Endpoint | null;
  readonly handoff: Endpoint;
  readonly exports: readonly DiskExport[];
}

export interface DiskSyncReport {
  readonly copiedBytes: number;
  readonly elapsedMs: number;
  readonly disks: readonly { readonly drive: DriveName; readonly bytes: number }[];
}

/** What a visit to the driver brings home. */
export type PrecopyVisit =
  | { readonly kind: 'round'; readonly sample: RoundSample }
  /** The switch has begun or is over: collect it with `switchover`, unless its result came along. */
  | { readonly kind: 'switching'; readonly sample: RoundSample | null; readonly result?: SwitchoverResult }
  /** The migration ended in QEMU without a switch; the guest runs on the source. */
  | { readonly kind: 'ended'; readonly cause: string; readonly sample: RoundSample | null };

export interface PrecopyInput extends Planned {
  readonly endpoints: TargetEndpoints;
  /** What the workflow decided after the last round. */
  readonly decision: NextStep;
  /** Rounds the workflow has already seen: the visit returns with the first later one. */
  readonly seenVisits: number;
  /** The caller takes the switch's result from this visit, when it is over by then: one hop less. */
  readonly takesResult?: boolean;
}

/** The parts of the time in which the guest ran nowhere, ms. Each is measured on one node's monotonic clock. */
export interface BlackoutSplit {
  /** Guest stopped → driver acts (`pre-switchover` seen). */
  readonly stopMs: number;
  readonly mirrorFinishMs: number;
  /** `migrate-continue` → `completed`: last dirty pages and device state. */
  readonly finalStateMs: number;
  /** `completed` → HANDOVER sent (journal). */
  readonly handoverMs: number;
  /** HANDOVER received → `committed` and config moved, on the target. */
  readonly commitMs: number;
  /** `cont` on the target. */
  readonly resumeMs: number;
  /** Guest stopped → COMMITTED back at the source: an upper bound seen by one clock. */
  readonly totalMs: number;
}

export interface SwitchoverResult {
  readonly qemuDowntimeMs: number;
  readonly qemuTotalMs: number;
  readonly setupMs: number;
  readonly blackout: BlackoutSplit;
  readonly ramBytes: number;
  readonly diskBytes: number;
  readonly rounds: number;
  readonly pageBytes: number;
  /** What the target's QEMU said of its guest when it answered; absent from older agents. */
  readonly targetState?: GuestRunState;
}

export type Decision = 'undecided' | 'committed' | 'aborted' | 'none';

export interface SourceEvidence {
  readonly node: NodeName;
  readonly qemu: GuestRunState;
  readonly migrationStatus: string | null;
  readonly journalState: string | null;
  readonly decision: Decision;
  /** Absent from older agents. */
  readonly configHere?: boolean;
}

export interface TargetEvidence {
  readonly node: NodeName;
  readonly qemu: GuestRunState;
  readonly migrationStatus: string | null;
  readonly journalState: string | null;
  readonly decision: Decision;
  readonly configHere: boolean;
}

export interface CommitTimes {
  readonly commitMs: number;
  readonly resumeMs: number;
  readonly committedAt: string;
  /** What the target's QEMU said of its guest right after; absent from older agents. */
  readonly state?: GuestRunState;
}

export interface OpenedRequest {
  readonly request: MigrateRequest;
  readonly cluster: ClusterFacts;
  /** Slots it has to have before nodes are touched; absent or empty: none. */
  readonly slots?: readonly SlotNeed[];
  /** When it was opened, ms since 1970. Of a history it is read, so it is the same in every replay; a workflow's clock is not where a task was kept alive for a local activity. */
  readonly atMs?: number;
  /** All of them were asked for then; absent: nobody has asked. What has not answered signals its answer. */
  readonly answers?: readonly SlotAnswer[];
}

export interface ClusterActivities {
  /**
   * Parses the operator's input and reads the cluster file system. Fails with `InvalidInput`; changes nothing. For an `asker` it also asks
   * for the slots, unless the guest is locked by this migration already. A second time is harmless.
   */
  openRequest(raw: unknown, asker?: SlotAsker): Promise<OpenedRequest>;
  /** Takes the guest's lock for this epoch; idempotent for the owner. Fails with `GuestLocked`, naming the owner. */
  lockGuest(input: EpochRef & { node: NodeName; nodes?: readonly NodeName[]; workflowId: string; requestedBy: string; reason?: string }): Promise<void>;
  /** Releases the lock if this epoch owns it, wherever the config is now; otherwise does nothing. */
  unlockGuest(input: EpochRef): Promise<void>;
  readDecision(input: EpochRef): Promise<Decision>;
  /** Renames the token to `aborted` unless it is decided; returns what it says now. */
  decideAborted(input: EpochRef): Promise<Decision>;
  /** When both nodes are clean: removes the epoch's token, secret and empty folders. */
  forgetEpoch(input: EpochRef): Promise<void>;
  /** `forgetEpoch`, then `unlockGuest`: the last step of a migration that leaves nothing behind. */
  endEpoch(input: EpochRef): Promise<void>;
  /** Looks for signs of life of a silent node: the cluster's member list, its sshd. Changes nothing. */
  probeNode(input: NodeProbeInput): Promise<NodeProbe>;
  /** How long a node has to be silent before its fence command may be run, ms; null: ferry has none for it. */
  fenceDelayMs(input: FenceInput): Promise<number | null>;
  /** Runs the node's fence command. */
  fenceNode(input: FenceInput): Promise<FenceResult>;
  /** Parses what names a migration to be settled, and reads what the cluster file system holds of it. Fails with `InvalidInput`. */
  openSettlement(raw: unknown): Promise<SettlementFacts>;
  /** Whether some run of this epoch is still open. */
  readRun(input: EpochRef & { readonly workflowId: string }): Promise<RunState>;
  /**
   * Carries a migration's requests to the ledgers of slots, and starts those that are not open. A second time is harmless. Brings the
   * answers of those that answer at once; the others signal theirs.
   */
  requestSlots(input: SlotRequests): Promise<readonly SlotAnswer[]>;
  /** Gives slots back. A ledger that is not open holds nothing. */
  releaseSlots(input: SlotReleases): Promise<void>;
  /** Members of the cluster, online or not. */
  listNodes(): Promise<readonly NodeName[]>;
}

/** What any agent does for its own node, on its queue. */
export interface NodeActivities {
  /** What this node's journal knows of an epoch, open or closed; null: nothing. */
  readLedger(input: EpochRef): Promise<LedgerEntry | null>;
  /** Compares this node's journal, the runs and what is really there; settles what belongs to closed runs unless `dryRun`. */
  reconcileNode(input: { readonly dryRun: boolean }): Promise<NodeReconciliation>;
}

export interface InspectInput {
  readonly vmid: Vmid;
  readonly storages: readonly string[];
  /** Volumes a stopped guest's config names on this node's own storages: what is there is told in `volumes`. */
  readonly volids?: readonly Volid[];
  /** Also of a VM that runs: it will be shut down for the move. */
  readonly cold?: boolean;
}

export interface SourceActivities {
  inspectSource(input: InspectInput): Promise<NodeFacts>;
  /** Opens the journal and the connections towards the target that need no endpoints yet (ssh). */
  prepareSource(input: Planned): Promise<void>;
  /** Mirrors every local disk until all are ready and in write-blocking mode. */
  syncDisks(input: Planned & { readonly endpoints: TargetEndpoints }): Promise<DiskSyncReport>;
  /** A new budget for disks that are being copied, and for the memory after them; bytes per second, null: none. */
  limitBandwidth(input: Planned & { readonly bandwidthBytesPerSecond: number | null }): Promise<void>;
  /** Starts the memory migration or finds it running, applies the decision, returns after the next round. */
  precopy(input: PrecopyInput): Promise<PrecopyVisit>;
  /** Collects the result of the switch the driver made within its permission. */
  switchover(input: Planned): Promise<SwitchoverResult>;
  /** Cold: copies every volume once (twice when that took long), while the guest may still run. */
  syncVolumes(input: Planned & { readonly endpoints: ColdEndpoints }): Promise<VolumeSyncReport>;
  /**
   * Cold: stops the guest if it runs, copies what has changed since, verifies, hands over. Returns when the target has the guest as
   * planned. Throws with the guest as it was before, unless the decision is open.
   */
  handOverCold(input: Planned & { readonly endpoints: ColdEndpoints }): Promise<ColdSwitchResult>;
  /** Undo of all of the above: the guest runs on the source afterwards. Refuses when the token is `committed`. */
  rollbackSource(input: Planned): Promise<void>;
  /** After the commit: ends the old QEMU, frees moved disks (unless they are to be kept), closes journal and channels. */
  cleanupSource(input: Planned & { readonly keepDisks?: boolean }): Promise<{ readonly freedVolids: readonly Volid[] }>;
  resolveSource(input: EpochRef): Promise<SourceEvidence>;
  /** As `ClusterActivities.decideAborted`, by this node. */
  decideAborted(input: EpochRef): Promise<Decision>;
  /** As `ClusterActivities.probeNode`, from this node, which is on the other's networks. */
  probePeer(input: NodeProbeInput): Promise<NodeProbe>;
}

export interface TargetActivities {
  inspectTarget(input: InspectInput): Promise<NodeFacts>;
  /** Journal, volumes, sockets, commit token; for a live migration QEMU waiting for its state, and NBD exports. */
  reserveTarget(input: Planned): Promise<TargetEndpoints | ColdEndpoints>;
  /** Listens for HANDOVER; on it commits, moves the config and lets the guest run. Returns when that is done. */
  armTarget(input: Planned & { readonly endpoints: TargetEndpoints | ColdEndpoints }): Promise<CommitTimes>;
  /** The guest's vCPUs run (or it is paused as planned) and QEMU answers. */
  verifyRunning(input: Planned): Promise<{ readonly state: GuestRunState }>;
  /** Undo of reserveTarget and armTarget. Refuses when the token is `committed`. */
  releaseReservation(input: EpochRef): Promise<void>;
  /** Forward repair: finishes a commit whose answer was lost. Fails unless the token says, or may still say, `committed`. */
  finishCommit(input: Planned): Promise<CommitTimes>;
  /** After `verifyRunning`, beside `cleanupSource`: closes journal, sockets and exports. */
  cleanupTarget(input: Planned): Promise<void>;
  resolveTarget(input: EpochRef): Promise<TargetEvidence>;
  decideAborted(input: EpochRef): Promise<Decision>;
  probePeer(input: NodeProbeInput): Promise<NodeProbe>;
}
