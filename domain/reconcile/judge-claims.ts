import type { LockOwner } from '../contracts/facts.js';
import type { Finding, GuestClaims, LedgerEntry, NodeSurvey } from '../contracts/reconcile.js';
import type { Epoch, Vmid } from '../ids.js';

/** Something in the cluster file system that names an epoch this node answers for. */
export interface ClaimTrace {
  readonly vmid: Vmid;
  readonly epoch: Epoch;
  readonly entry: LedgerEntry | null;
  readonly owner: LockOwner | null;
  readonly subject: string;
}

/**
 * Locks and tokens:
 * - a lock record of ours is a trace, reported by the node that holds the guest (or, for a guest without config, by the first)
 * - a token, secret or claim whose epoch this node's journal knows is a trace too; one that neither journal nor lock knows is a stranger
 * - a lock in the config without a record of ours is somebody else's
 */
export function judgeClaims(survey: NodeSurvey): { readonly traces: readonly ClaimTrace[]; readonly strangers: readonly Finding[] } {
  const traces: ClaimTrace[] = [];
  const strangers: Finding[] = [];
  for (const claims of survey.claims) {
    const { vmid, owner, epochs, configLock, ownerProblem } = claims;
    const answers = answersFor(survey, claims);
    const stranger = (epoch: Epoch | null, subject: string, reason: string): void => {
      strangers.push({ verdict: 'stranger', vmid, epoch, subject, reason, workflowId: null, nodes: [] });
    };
    const entryOf = (epoch: Epoch): LedgerEntry | null => survey.ledger.find((entry) => entry.vmid === vmid && entry.epoch === epoch) ?? null;
    if (owner !== null && answers) traces.push({ vmid, epoch: owner.epoch, entry: entryOf(owner.epoch), owner, subject: 'lock' });
    for (const epoch of epochs.filter((named) => named !== owner?.epoch)) {
      const entry = entryOf(epoch);
      if (entry !== null) traces.push({ vmid, epoch, entry, owner: null, subject: 'token' });
      else if (answers) stranger(epoch, 'token', 'neither the journal of the node that holds the guest nor a lock knows this migration');
    }
    if (ownerProblem !== null && answers) strangers.push({ verdict: 'operator', vmid, epoch: null, subject: 'lock', reason: ownerProblem, workflowId: null, nodes: [] });
    if (configLock === 'migrate' && owner === null && ownerProblem === null && answers) stranger(null, 'lock: migrate', 'it is not ferry\'s: PVE\'s own migration, or another tool, took it');
  }
  return { traces, strangers };
}

const answersFor = ({ node, isFirst }: NodeSurvey, { configNode }: GuestClaims): boolean => (configNode === null ? isFirst : configNode === node);
