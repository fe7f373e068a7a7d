import type { EvacuationRequest, GuestNeeds, Inventory, MoveMode, NodeRoom } from '../contracts/evacuation.js';
import type { Refusal } from '../contracts/plan.js';
import type { NodeName, Vmid } from '../ids.js';
import type { Hosting } from './may-host.js';

/** What a planner is asked: everything a plan is made from. */
export interface PlanQuestion {
  readonly inventory: Inventory;
  readonly request: EvacuationRequest;
  readonly settled: readonly Vmid[];
  readonly moving: readonly { readonly vmid: Vmid; readonly to: NodeName }[];
  /** Nodes on which a guest has failed already. */
  readonly avoid: readonly { readonly vmid: Vmid; readonly node: NodeName }[];
}

/** An amount of something that runs out: memory of a node (`pve2`), space on one of its storages (`pve2/local`). In whole MiB. */
export type Takes = readonly (readonly [resource: string, mebibytes: number])[];

/** One node as a place for one block. */
export interface Place {
  readonly node: NodeName;
  /** How far from the node its rules prefer, from 0 (the best) to 1. */
  readonly strays: number;
  readonly takes: Takes;
  /** How each of the guests would be there. */
  readonly hostings: ReadonlyMap<Vmid, Hosting>;
}

export interface BlockMember {
  readonly guest: GuestNeeds;
  readonly mode: MoveMode;
}

/** Guests that can only be placed together: one, or those a positive rule binds. */
export interface Block {
  readonly id: string;
  readonly members: readonly BlockMember[];
  /** Where it is. */
  readonly home: NodeName;
  /** null: it has to leave its node. Else it may stay where it is, and this is what it takes there. */
  readonly stays: Place | null;
  readonly copyBytes: number;
  readonly places: readonly Place[];
  /** Names of the negative rules it is subject to. */
  readonly apart: readonly string[];
}

/** A guest that can't be placed, whatever the others do. */
export interface Barred {
  readonly guest: GuestNeeds;
  readonly why: Refusal;
}

/** Placement in numbers: blocks, places, and what there is of everything that runs out. */
export interface PlacementProblem {
  readonly question: PlanQuestion;
  readonly blocks: readonly Block[];
  readonly barred: readonly Barred[];
  /** Nodes that may take guests. */
  readonly sites: readonly Site[];
  /** What there is of each resource, whole MiB, blocks that may stay where they are counted as room. */
  readonly room: ReadonlyMap<string, number>;
}

export interface Site {
  readonly room: NodeRoom;
  /** Memory in use that no block of this problem takes, MiB. */
  readonly usedMiB: number;
  readonly totalMiB: number;
}

/** Block → where it goes; a block that has to leave and is not in here stays for want of room. */
export type Placement = ReadonlyMap<Block, Place>;
