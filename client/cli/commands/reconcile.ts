import type { ClusterReconciliation, Verdict } from '../../../domain/contracts/reconcile.js';
import { awaitSettled, reconcile, type Settled } from '../../api/reconcile.js';
import { renderReconciliation, renderSettled } from '../../render/reconciliation.js';
import { EXIT } from '../exit-codes.js';
import type { Io } from '../io.js';
import { withClient } from '../with-client.js';

export interface ReconcileFlags {
  readonly json?: boolean;
  readonly node?: string;
  readonly dryRun?: boolean;
  readonly wait?: boolean;
}

/**
 * `ferry reconcile`: exit 0 when everything is in order or is being settled, 1 when something needs a person, could not be
 * asked, or (with `--dry-run`) would have to be settled. Strangers are listed and do not count.
 */
export async function reconcileCommand(io: Io, flags: ReconcileFlags): Promise<number> {
  return withClient(io, async (client) => {
    const found = await reconcile(client, { dryRun: flags.dryRun === true, node: flags.node ?? null });
    if (flags.json !== true) io.stdout.write(`${renderReconciliation(found)}\n`);
    const settling = [...new Set(found.nodes.flatMap((node) => node.settling))];
    const settled = flags.wait === true ? await awaitSettled(client, settling) : [];
    if (flags.json === true) io.stdout.write(`${JSON.stringify(flags.wait === true ? { ...found, settled } : found, null, 2)}\n`);
    else if (settled.length > 0) io.stdout.write(`${renderSettled(settled)}\n`);
    return isInOrder(found, settled) ? EXIT.ok : EXIT.leftover;
  });
}

function isInOrder({ nodes, silent, dryRun }: ClusterReconciliation, settled: readonly Settled[]): boolean {
  const wrong: readonly Verdict[] = dryRun ? ['settle', 'unclear', 'operator'] : ['unclear', 'operator'];
  const unsettled = settled.some(({ ending }) => ending.kind === 'no-report' && ending.code !== 'NothingLeft');
  return silent.length === 0 && !unsettled && !nodes.some(({ findings }) => findings.some(({ verdict }) => wrong.includes(verdict)));
}
