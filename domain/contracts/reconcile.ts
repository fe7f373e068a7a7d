import type { Epoch, EpochRef, NodeName, Vmid } from '../ids.js';
import type { LockOwner } from './facts.js';
import type { MigrationPlan } from './plan.js';

/** One epoch in a node's journal, read by somebody who wants to end it. */
export interface LedgerEntry extends EpochRef {
  readonly role: 'source' | 'target';
  readonly closed: boolean;
  readonly lastState: string | null;
  /** null: nothing was planned, so nothing was made. */
  readonly plan: MigrationPlan | null;
  readonly workflowId: string | null;
}

/** A journal entry that can't be read: who it belongs to is known by its name alone. */
export interface DamagedEntry extends EpochRef {
  readonly problem: string;
}

/** What the cluster file system holds of one guest's migrations. */
export interface GuestClaims {
  readonly vmid: Vmid;
  /** The node that holds the guest's config; null: no node does. */
  readonly configNode: NodeName | null;
  /** PVE's `lock` in the guest's config. */
  readonly configLock: string | null;
  readonly owner: LockOwner | null;
  /** A lock record that does not say whose it is; null: there is none, or it can be read. */
  readonly ownerProblem: string | null;
  /** Epochs with a token, a secret or a claim in the guest's folder. */
  readonly epochs: readonly Epoch[];
}

export type ThingKind = 'run directory' | 'QEMU' | 'tap' | 'socket' | 'volume draft' | 'snapshot' | 'temporary file';

/** Something on a node that looks as if ferry had made it. */
export interface Thing {
  readonly kind: ThingKind;
  readonly vmid: Vmid;
  /** Path, interface or process, as an operator would look for it. */
  readonly name: string;
  /** `epochShort` of the migration, where the name holds it. */
  readonly epochShort: string | null;
}

/** All that one node can see. Taking it changes nothing. */
export interface NodeSurvey {
  readonly node: NodeName;
  /** Reports what belongs to no node: guests without a config. */
  readonly isFirst: boolean;
  /** Open entries, and closed ones of epochs that a lock or a token names. */
  readonly ledger: readonly LedgerEntry[];
  readonly damaged: readonly DamagedEntry[];
  readonly claims: readonly GuestClaims[];
  readonly things: readonly Thing[];
}

/**
 * - `settle`: its run is closed: `settleMigration` ends it
 * - `under-way`: its run is open, nobody else's business
 * - `unclear`: nobody could say whether its run is open; asked again next time
 * - `operator`: a person has to look
 * - `stranger`: looks like ferry's and is not in the journal: listed, never touched
 */
export type Verdict = 'settle' | 'under-way' | 'unclear' | 'operator' | 'stranger';

export interface Finding {
  readonly verdict: Verdict;
  readonly vmid: Vmid;
  readonly epoch: Epoch | null;
  /** What was found: `source journal (migrating)`, `lock`, `tap tap101i0`, … */
  readonly subject: string;
  readonly reason: string;
  /** Of the migration's own run. */
  readonly workflowId: string | null;
  /** Nodes that took part, as far as they are known here. */
  readonly nodes: readonly NodeName[];
}

export interface NodeReconciliation {
  readonly node: NodeName;
  readonly findings: readonly Finding[];
  /** Workflows that end what was found, by id: started now or running already. Empty with `dryRun`. */
  readonly settling: readonly string[];
}

/** Who and what `ferry reconcile` heard; a node that did not answer is named with the reason. */
export interface ClusterReconciliation {
  readonly dryRun: boolean;
  readonly nodes: readonly NodeReconciliation[];
  readonly silent: readonly { readonly node: NodeName; readonly cause: string }[];
}

/** Input of `settleMigration`: names the migration; `nodes` spares asking the others. */
export interface SettlementRequest extends EpochRef {
  readonly nodes: readonly NodeName[];
}

export interface SettlementFacts {
  readonly request: SettlementRequest;
  readonly owner: LockOwner | null;
  readonly configNode: NodeName | null;
  readonly members: readonly NodeName[];
}
