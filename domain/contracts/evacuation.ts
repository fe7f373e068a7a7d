import type { Refusal } from './plan.js';
import type { MigrationType } from './request.js';
import type { NodeName, Vmid, Volid } from '../ids.js';
import type { DeclaredLink } from './slots.js';

/** How a guest leaves its node. */
export type MoveMode = 'live' | 'offline' | 'restart';

/** What a guest needs of a node, read from its config. Sizes are what the config grants, not what is used. */
export interface GuestNeeds {
  readonly vmid: Vmid;
  readonly kind: 'qemu' | 'lxc';
  readonly name: string;
  readonly node: NodeName;
  readonly running: boolean;
  readonly template: boolean;
  readonly memoryBytes: number;
  readonly cores: number;
  /** Of a VM, `cpu:` in the config; null: the config names none, or a container. */
  readonly cpuModel: string | null;
  /** Its CPU is the node's own (KVM); absent: it is not, or nobody asked. */
  readonly kvm?: boolean;
  readonly tags: readonly string[];
  readonly bridges: readonly string[];
  /** Every storage the guest uses; `bytes` is what would have to be copied, 0 where the storage is shared. */
  readonly storages: readonly { readonly storage: string; readonly shared: boolean; readonly bytes: number }[];
  /** Volumes that would have to be copied and whose size nobody knows; absent: none. */
  readonly unsized?: readonly Volid[];
  /** Why it can go nowhere at all, e.g. a passed-through device. */
  readonly blockers: readonly Refusal[];
  /** Why it can't move while it runs, though it could stopped. */
  readonly liveBlockers?: readonly Refusal[];
  /** Measured or remembered; absent: not known. */
  readonly dirtyBytesPerSecond?: number;
  /** Figures of its last migrations, newest first. */
  readonly past?: readonly PastMove[];
}

export interface PastMove {
  readonly mode: MoveMode;
  readonly totalMs: number;
  readonly downtimeMs: number;
  readonly bytes: number;
}

/** One node as a place for guests. */
export interface NodeRoom {
  readonly node: NodeName;
  readonly online: boolean;
  /** Nothing new may be placed here. */
  readonly cordoned: boolean;
  readonly memoryTotalBytes: number;
  /** What the node could still give away now. */
  readonly memoryAvailableBytes: number;
  readonly cpuCount: number;
  readonly qemuVersion: string;
  readonly cpuModels: readonly string[];
  /** Absent: not known, and then nothing is asked of them. */
  readonly cpuVendor?: string;
  readonly cpuFlags?: readonly string[];
  readonly kvmUsable?: boolean;
  readonly bridges: readonly string[];
  /** Those that are usable here. */
  readonly storages: readonly StorageRoom[];
  /** Migration network's speed, bytes per second; null: not known. */
  readonly linkBytesPerSecond: number | null;
}

export interface StorageRoom {
  readonly storage: string;
  readonly availableBytes: number;
  readonly totalBytes: number;
  /** What may be created on it when a guest's own storage is not on this node (`images`, `rootdir`); absent: nothing. */
  readonly holds?: readonly string[];
}

/** PVE 9's `ha/rules.cfg`. */
export type PlacementRule =
  | {
    readonly kind: 'node-affinity'; readonly id: string; readonly guests: readonly Vmid[]; readonly strict: boolean;
    /** A higher priority is preferred; 0 without one. */
    readonly nodes: readonly { readonly node: NodeName; readonly priority: number }[];
  }
  | { readonly kind: 'resource-affinity'; readonly id: string; readonly guests: readonly Vmid[]; readonly affinity: 'positive' | 'negative' };

/** Everything a plan is made from. */
export interface Inventory {
  readonly guests: readonly GuestNeeds[];
  readonly nodes: readonly NodeRoom[];
  readonly rules: readonly PlacementRule[];
  /** Racks and other paths with a budget of their own, by name; absent: none is declared. */
  readonly links?: Readonly<Record<string, DeclaredLink>>;
  /** What could not be read or parsed, one sentence each. */
  readonly problems: readonly string[];
}

/** What the operator asked for, parsed and complete. */
export interface EvacuationRequest {
  readonly node: NodeName;
  /** Wait for the Update `approve` before anything moves. */
  readonly approval: boolean;
  readonly dryRun: boolean;
  /** Only these may take guests; absent: every node that may. */
  readonly targets?: readonly NodeName[];
  /** Memory every target keeps free, percent of its total. */
  readonly spareMemoryPercent: number;
  /** Running containers may be stopped, moved and started. */
  readonly restartContainers: boolean;
  /** Running VMs that can't move live may be shut down for the move. */
  readonly offlineShutdown: boolean;
  /** A guest may move within the cluster to make room for another. */
  readonly parking: boolean;
  /** At most so many guests leave the node at once. */
  readonly concurrency: number;
  readonly bwlimitKiBps?: number;
  readonly migrationType?: MigrationType;
  /** So many guests move first, one by one, with a health check after each. */
  readonly canary: number;
  /** `tcp:<port>`, `http:<port>/<path>` or `agent`: asked of every moved guest. */
  readonly healthCheck?: string;
  /** More failed guests than this stop the evacuation. */
  readonly failureBudget: number;
  /** Guests that share a tag with this prefix are of one application: never two at once. */
  readonly applicationTagPrefix: string;
  /** `22:00-05:00 Europe/Berlin`; absent: any time. */
  readonly window?: string;
  /** What becomes of migrations that run when the window closes. */
  readonly atWindowClose: 'finish' | 'rollBack';
  /** Guests left out. */
  readonly skip: readonly Vmid[];
  readonly requestedBy: string;
  readonly reason?: string;
}

export interface Forecast {
  readonly durationMs: number;
  readonly downtimeMs: number;
  readonly bytes: number;
  readonly basis: 'history' | 'measured' | 'estimate';
}

export interface PlannedMove {
  readonly vmid: Vmid;
  readonly kind: 'qemu' | 'lxc';
  readonly name: string;
  readonly from: NodeName;
  readonly to: NodeName;
  readonly mode: MoveMode;
  /** It moves between other nodes to make room. */
  readonly parking: boolean;
  /** Moves of one wave may run side by side; a wave begins when the moves it `needs` are over. */
  readonly wave: number;
  /** Position within the plan, from 0: who starts first when there is a free slot. */
  readonly order: number;
  /** Guests that have to have moved before. */
  readonly needs: readonly Vmid[];
  /** Names of the groups of which only one guest may move at a time. */
  readonly applications: readonly string[];
  readonly targetStorage?: string;
  readonly forecast: Forecast;
  /** When it would start, from the plan's beginning, if every forecast held; absent: nobody computed it. */
  readonly startMs?: number;
  /** Why this node. */
  readonly reason: string;
}

/** A guest that stays, and what an operator can do about it. */
export interface StayingGuest {
  readonly vmid: Vmid;
  readonly kind: 'qemu' | 'lxc';
  readonly name: string;
  readonly code: string;
  readonly sentence: string;
  readonly remedy: string;
}

export interface RoomUse {
  readonly memoryBytes: number;
  readonly guests: number;
  readonly cores: number;
}

/** `during`: the most at any moment of the plan, both sides of a running move counted. */
export interface NodeUse {
  readonly node: NodeName;
  readonly memoryTotalBytes: number;
  readonly before: RoomUse;
  readonly during: RoomUse;
  readonly after: RoomUse;
}

export interface LinkUse {
  /** A node's own link, or a declared one. */
  readonly link: string;
  readonly bytes: number;
  readonly busyMs: number;
}

export interface EvacuationPlan {
  readonly node: NodeName;
  readonly moves: readonly PlannedMove[];
  readonly stays: readonly StayingGuest[];
  readonly nodes: readonly NodeUse[];
  readonly links: readonly LinkUse[];
  readonly bytes: number;
  readonly durationMs: number;
  /** `optimal`: proved by the solver; `feasible`: the best found in the time it had; `greedy`: without the solver. */
  readonly quality: 'optimal' | 'feasible' | 'greedy';
  readonly warnings: readonly string[];
}

/** What one node says of itself and of what is on it. Gathering it changes nothing. */
export interface NodeSurvey {
  /** `cordoned` is for the cluster to say; the node answers false. */
  readonly room: NodeRoom;
  /** Guests whose process runs here. */
  readonly running: readonly Vmid[];
  /** Of running VMs, where a short look was asked for. */
  readonly dirtyBytesPerSecond: Readonly<Record<string, number>>;
  /** Of images whose config does not say how large they are; absent: nobody asked. */
  readonly volumeBytes?: Readonly<Record<Volid, number>>;
}

export interface PlanInput {
  readonly request: EvacuationRequest;
  /** Of the nodes that answered. */
  readonly surveys: readonly NodeSurvey[];
  /** Guests that are not to be planned again: they have moved, are moving, or were given up. */
  readonly settled: readonly Vmid[];
  /** Where a guest has failed: not there again. */
  readonly avoid?: readonly { readonly vmid: Vmid; readonly node: NodeName }[];
  /** Moves under way: they take room on their targets already. */
  readonly moving?: readonly { readonly vmid: Vmid; readonly to: NodeName }[];
}

/** What is still on a node; all empty: it is. */
export interface NodeRemains {
  readonly guests: readonly Vmid[];
  readonly processes: readonly string[];
  readonly volumes: readonly string[];
  readonly reservations: readonly string[];
}
