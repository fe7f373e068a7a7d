import type { EvacuationRequest, MoveMode } from './evacuation.js';
import type { Epoch, NodeName, Vmid } from '../ids.js';

/** A node on which nothing new is placed, and who said so. */
export interface Cordon {
  readonly node: NodeName;
  /** The evacuation that holds it: its first run, stable while it continues as new or is reset. */
  readonly epoch: Epoch;
  readonly workflowId: string;
  readonly requestedBy: string;
  readonly since: string;
  readonly reason?: string;
}

/** A guest that was moved off a node, as it has to be known to be brought back. */
export interface MovedGuest {
  readonly vmid: Vmid;
  readonly kind: 'qemu' | 'lxc';
  readonly name: string;
  /** Where the evacuation put it. */
  readonly to: NodeName;
  readonly mode: MoveMode;
  readonly applications: readonly string[];
  /** PVE's storage map of its way out. */
  readonly targetStorage?: string;
}

/** Who left a node and may come home, kept beside the cordon and longer than it. */
export interface Absentees {
  /** What the evacuation was asked for: coming home is done the same way. */
  readonly request: EvacuationRequest;
  readonly guests: readonly MovedGuest[];
}

/** Cordons and absentees below the PVE root. Everything throws `ClusterReadOnly` when the files can't be read or written. */
export interface CordonStore {
  list(): Promise<readonly Cordon[]>;
  read(node: NodeName): Promise<Cordon | null>;
  /**
   * Takes the node for this owner; again for the same owner: nothing. Another's: throws `NodeCordoned`, unless `isOver` says that its run has ended.
   * `isNew`: nobody had it before.
   */
  take(cordon: Cordon, isOver: (holder: Cordon) => Promise<boolean>): Promise<{ readonly isNew: boolean }>;
  release(node: NodeName): Promise<void>;
  absentees(node: NodeName): Promise<Absentees | null>;
  /** null: nobody is away any more. */
  setAbsentees(node: NodeName, absentees: Absentees | null): Promise<void>;
}

