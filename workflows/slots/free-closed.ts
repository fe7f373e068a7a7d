import type { LedgerBook } from '../../domain/admission/book.js';
import type { Epoch } from '../../domain/ids.js';
import { clusterSteps } from '../proxies.js';

/** Frees what closed runs hold, or wait for. True when there was something. */
export async function freeClosed(book: LedgerBook): Promise<boolean> {
  const freed = await Promise.all(book.present.map(({ epoch }) => freeIfClosed(book, epoch)));
  return freed.includes(true);
}

/** Of a run that nobody can say anything about the slots are kept: it is asked about again. */
export async function freeIfClosed(book: LedgerBook, epoch: Epoch): Promise<boolean> {
  const entry = book.present.find((one) => one.epoch === epoch);
  if (entry === undefined) return false;
  const { vmid, workflowId } = entry;
  const run = await clusterSteps(vmid).readRun({ vmid, epoch, workflowId }).catch(() => 'unknown' as const);
  if (run !== 'closed' && run !== 'gone') return false;
  book.drop(epoch, Date.now());
  return true;
}
