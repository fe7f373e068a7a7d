/**
 * Moves one guest, started from the command line or from Temporal's UI with one flat JSON object, e.g. `{"vmid":101,"target":"pve2"}`:
 *
 * - open the request: parse the input, read the cluster, ask for slots; bad input fails the workflow at once with its sentence
 * - `moveGuest`, inline (the commit point is there): live for a running VM; copied while it stands still for a stopped one, or a container
 */
import { CancellationScope, allHandlersFinished, condition, workflowInfo } from '@temporalio/workflow';
import type { MigrationReport } from '../domain/contracts/report.js';
import { epochOf } from './epoch.js';
import { installHandlers } from './messages.js';
import { installOperatorHandlers, type OperatorDesk } from './operator/handlers.js';
import { moveGuest } from './move-guest.js';
import { clusterSteps } from './proxies.js';
import { peek } from './peek.js';
import { MigrationState } from './state.js';

export async function migrateGuest(raw: unknown): Promise<MigrationReport> {
  const { vmid, target } = peek(raw);
  const state = new MigrationState(vmid, target);
  const desk: OperatorDesk = { run: null };
  installHandlers(state);
  installOperatorHandlers(desk);
  try {
    const asker = { epoch: epochOf(workflowInfo()), workflowId: workflowInfo().workflowId };
    const opened = await clusterSteps(vmid).openRequest(raw, asker);
    const { request, cluster } = opened;
    state.identify(request.vmid, cluster.guest?.node ?? null, request.target, cluster.guest?.kind);
    return await moveGuest(opened, asker, state, desk);
  } finally {
    await CancellationScope.nonCancellable(() => condition(allHandlersFinished));
  }
}
