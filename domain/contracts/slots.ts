import type { Epoch, NodeName, Vmid } from '../ids.js';

/**
 * What a ledger counts. A node has three classes in each direction: `prepare` (a reservation that is being made), `transfer`
 * (bytes on the way), `switchover` (a guest that runs, or is to run again at once, is on the move). A declared link has `transfer` alone.
 */
export const POOLS = ['prepare-in', 'prepare-out', 'transfer-in', 'transfer-out', 'switchover-in', 'switchover-out', 'transfer'] as const;
export type Pool = (typeof POOLS)[number];
export type SlotClass = 'prepare' | 'transfer' | 'switchover';

/** Slots by pool; a pool without a number has no limit. */
export type SlotLimits = Readonly<Partial<Record<Pool, number>>>;

/** What has a ledger: a node by its name, a declared link as `link:<name>`. */
export type SlotResource = string;

/** What one migration needs of one resource, and how many there are as configured. */
export interface SlotNeed {
  readonly resource: SlotResource;
  readonly pools: readonly Pool[];
  readonly configured: SlotLimits;
}

/** Who holds, or waits for, slots: one migration. */
export interface SlotHolder {
  readonly vmid: Vmid;
  readonly epoch: Epoch;
  readonly workflowId: string;
  /** 1 (first) to 5 (last). */
  readonly priority: number;
}

/** Part of the update `takeSlots`, or the signal `requestSlots`. `seq` grows with each message of a migration: what arrives late or twice is known by it. */
export interface SlotRequest extends SlotHolder {
  readonly seq: number;
  /** All at once, or none. */
  readonly pools: readonly Pool[];
  /** When the migration asked first: its age survives a new request. */
  readonly sinceMs: number;
  readonly configured?: SlotLimits;
}

/** Part of the signal `releaseSlots`: everything but `keep` is given back, or not wanted any more. */
export interface SlotRelease {
  readonly epoch: Epoch;
  readonly seq: number;
  readonly keep: readonly Pool[];
}

/** To each request, as the result of `takeSlots` or by signal `slotAnswer`; by signal also when the place changes. */
export interface SlotAnswer {
  readonly resource: SlotResource;
  readonly epoch: Epoch;
  /** Of the message it answers. */
  readonly seq: number;
  readonly granted: boolean;
  /** Place in the queue from 1; 0 when granted. */
  readonly position: number;
  readonly waiting: number;
  /** Which of its pools have a limit; absent: any may. A part that nobody can wait for need not be given back by itself. */
  readonly limited?: readonly Pool[];
  readonly reason: string;
}

/** A migration that asks for the first time, before its request is known. */
export type SlotAsker = Pick<SlotHolder, 'epoch' | 'workflowId'>;

/** With the ledger it is for. */
export type Addressed<Message> = Message & { readonly resource: SlotResource };

/** Input of the activity that carries requests to the ledgers, opening those that are not open. */
export interface SlotRequests {
  readonly vmid: Vmid;
  readonly requests: readonly Addressed<SlotRequest>[];
}

/** Input of the activity that gives slots back. */
export interface SlotReleases {
  readonly vmid: Vmid;
  readonly releases: readonly Addressed<SlotRelease>[];
}

/** Part of the update `setLimits`: null takes back what was set before. */
export interface LimitChange {
  readonly limits: Readonly<Partial<Record<Pool, number | null>>>;
  readonly by?: string;
}

/** Part of the answer of the query `slots`, answer of `setLimits`. */
export interface LedgerView {
  readonly resource: SlotResource;
  /** Only what is in use, or has a limit. `setBy`: the operator whose word it is; null: as configured. */
  readonly pools: readonly { readonly pool: Pool; readonly limit: number | null; readonly used: number; readonly setBy: string | null }[];
  readonly holders: readonly SlotLine[];
  /** In the order in which they are served. */
  readonly waiters: readonly (SlotLine & { readonly reason: string })[];
}

export interface SlotLine extends SlotHolder {
  readonly pools: readonly Pool[];
  readonly since: string;
}

/** A network path with a budget of its own, shared by the nodes behind it. */
export interface DeclaredLink {
  readonly nodes: readonly NodeName[];
  /** Transfers at once. */
  readonly transfers: number;
  /** `crossing`: between a node behind it and one that is not (a rack's uplink). `all`: whatever touches one of its nodes. */
  readonly counts: 'crossing' | 'all';
}
