import type { ClusterReconciliation, Verdict } from '../../domain/contracts/reconcile.js';
import type { Settled } from '../api/reconcile.js';
import { bareTable } from './table.js';

const WORDS: Readonly<Record<Verdict, { readonly now: string; readonly dry: string }>> = {
  settle: { now: 'settling', dry: 'to settle' },
  'under-way': { now: 'under way', dry: 'under way' },
  unclear: { now: 'not known', dry: 'not known' },
  operator: { now: 'needs you', dry: 'needs you' },
  stranger: { now: 'stranger', dry: 'stranger' },
};

/** What `ferry reconcile` prints. */
export function renderReconciliation({ nodes, silent, dryRun }: ClusterReconciliation): string {
  const rows = nodes.flatMap(({ node, findings }) => findings.map(({ verdict, vmid, subject, epoch, reason }) =>
    [node, WORDS[verdict][dryRun ? 'dry' : 'now'], String(vmid), subject, epoch ?? '-', reason]));
  const settling = [...new Set(nodes.flatMap((one) => one.settling))];
  return [
    ...(rows.length === 0 ? [nodes.length === 0 ? 'no node answered' : `nothing is left on ${nodes.map(({ node }) => node).join(', ')}`]
      : [bareTable(['node', 'verdict', 'guest', 'what', 'epoch', 'why'], rows)]),
    ...silent.map(({ node, cause }) => `${node} did not answer: ${cause}`),
    ...settling.map((workflowId) => `settled by ${workflowId}; follow it: ferry show ${workflowId} --watch`),
  ].join('\n');
}

/** One line for each settlement that was waited for. */
export const renderSettled = (settled: readonly Settled[]): string =>
  settled.map(({ workflowId, ending }) => `${workflowId}: ${ending.kind === 'report' ? `${ending.report.outcome}: ${ending.report.reason}` : `${ending.code}: ${ending.sentence}`}`).join('\n');
