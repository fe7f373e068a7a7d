import type { LedgerDesk } from '../../domain/admission/desk.js';
import type { Epoch } from '../../domain/ids.js';
import { clusterSteps } from '../proxies.js';

/** Frees what closed runs hold, or wait for. True when there was something. */
export async function freeClosed(desk: LedgerDesk): Promise<boolean> {
  const freed = await Promise.all(desk.ledger.entries.map(({ epoch }) => freeIfClosed(desk, epoch)));
  return freed.includes(true);
}

/** Of a run that nobody can say anything about the slots are kept: it is asked about again. */
export async function freeIfClosed(desk: LedgerDesk, epoch: Epoch): Promise<boolean> {
  const entry = desk.ledger.entries.find((one) => one.epoch === epoch);
  if (entry === undefined) return false;
  const { vmid, workflowId } = entry;
  const run = await clusterSteps(vmid).readRun({ vmid, epoch, workflowId }).catch(() => 'unknown' as const);
  if (run !== 'closed' && run !== 'gone') return false;
  desk.drop(epoch, Date.now());
  return true;
}
