import type { Epoch, NodeName, Vmid, Volid } from '../ids.js';
import type { Decision } from './activities.js';
import type { ClusterMember, LockOwner } from './facts.js';
import type { MigrationPlan } from './plan.js';
import type { DamagedEntry } from './reconcile.js';

/** The commit token (docs: handover protocol): one file whose name is the decision. Real: `cluster/commit-token.ts`. */
export interface CommitToken {
  /** Creates `<epoch>.undecided` exclusively; a no-op when this epoch's token exists in any state. */
  create(vmid: Vmid, epoch: Epoch): Promise<void>;
  /** Writes and removes a file beside the token: proof that a decision could be written now. Throws `ClusterReadOnly`. */
  probeWritable(vmid: Vmid): Promise<void>;
  read(vmid: Vmid, epoch: Epoch): Promise<Decision>;
  /** One atomic rename; the loser learns the winner's decision. `none`: there is no token. Throws `ClusterReadOnly`. */
  decide(vmid: Vmid, epoch: Epoch, wanted: 'committed' | 'aborted'): Promise<Decision>;
  /**
   * `committed` becomes `aborted`. Only for the owner itself, a target whose guest does not come up: its copy has been stopped and the
   * config is back with the source. No error when it was done before. Throws `OwnershipUnknown` for any other state.
   */
  giveBack(vmid: Vmid, epoch: Epoch): Promise<void>;
  /** Removes every file of this epoch (token, secret); no error when gone. */
  forget(vmid: Vmid, epoch: Epoch): Promise<void>;
  /** Per-migration secret for `tls` and `insecure`: made once (0600), the same on every node. Hex, 32 bytes. */
  createSecret(vmid: Vmid, epoch: Epoch): Promise<string>;
  readSecret(vmid: Vmid, epoch: Epoch): Promise<string>;
}

export type GuestKind = 'qemu' | 'lxc';

/** Guest configs in the PVE root. A config's directory says who owns the guest. */
export interface GuestConfigStore {
  /** null: no such guest. */
  find(vmid: Vmid): Promise<{ readonly kind: GuestKind; readonly node: NodeName } | null>;
  read(vmid: Vmid, kind: GuestKind, node: NodeName): Promise<string>;
  /** Atomic replace. */
  write(vmid: Vmid, kind: GuestKind, node: NodeName, text: string): Promise<void>;
  /** The ownership switch: one rename. No error when it has already been moved to `to`. */
  move(vmid: Vmid, kind: GuestKind, from: NodeName, to: NodeName): Promise<void>;
}

export interface GuestLock {
  take(vmid: Vmid, node: NodeName, owner: LockOwner): Promise<void>;
  /** `last`: what has to be done before the record of the holder goes; the guest's config is unmarked meanwhile. */
  release(vmid: Vmid, epoch: Epoch, last?: Promise<unknown>): Promise<void>;
  owner(vmid: Vmid): Promise<LockOwner | null>;
}

export interface ClusterFiles {
  members(): Promise<{ readonly quorate: boolean; readonly members: readonly ClusterMember[] }>;
  datacenterText(): Promise<string>;
  storageText(): Promise<string>;
  /** The three files of resource mappings, one after the other. */
  mappingText(): Promise<string>;
  /** Guests whose config on this node names a volume that is a linked clone of this one. */
  linkedClonesOf(volid: Volid, node: NodeName): Promise<readonly Vmid[]>;
  /** `ha/rules.cfg`. */
  rulesText(): Promise<string>;
}

/** One line of a node's journal. */
export interface JournalRecord {
  readonly at: string;
  readonly state: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** A node's memory of one migration, on its own disk: written (fsync) before each side effect it may have to undo. */
export interface JournalEntry {
  readonly vmid: Vmid;
  readonly epoch: Epoch;
  readonly role: 'source' | 'target';
  readonly records: readonly JournalRecord[];
  readonly closed: boolean;
}

/** What the first record of an entry holds besides the role: it is there as soon as the entry is. */
export interface JournalOpening {
  readonly plan: MigrationPlan;
  readonly workflowId?: string;
}

export interface Journal {
  /** Opens an epoch or finds it open. Throws `StaleEpoch` when a newer one was opened for this guest, or this one is closed. */
  open(vmid: Vmid, epoch: Epoch, role: 'source' | 'target', opening?: JournalOpening): Promise<JournalEntry>;
  append(vmid: Vmid, epoch: Epoch, state: string, data?: Readonly<Record<string, unknown>>): Promise<void>;
  /** null: never opened here. */
  read(vmid: Vmid, epoch: Epoch): Promise<JournalEntry | null>;
  /** Throws `StaleEpoch` unless this is the newest epoch of the guest here, and open. */
  requireCurrent(vmid: Vmid, epoch: Epoch): Promise<JournalEntry>;
  /** Every epoch that is still open, oldest first: what recovery on start works through. */
  openEntries(): Promise<readonly JournalEntry[]>;
  /** Entries that can't be read, of which nobody knows whether they are open. */
  damagedEntries(): Promise<readonly DamagedEntry[]>;
  /** Marks the end; the entry stays readable as the newest epoch. */
  close(vmid: Vmid, epoch: Epoch, outcome: string): Promise<void>;
}
