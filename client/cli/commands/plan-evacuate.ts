import { writeFile } from 'node:fs/promises';
import { parseEvacuationRequest } from '../../../domain/edge/evacuation-request.js';
import { messageOf } from '../../../domain/errors.js';
import { renderPlanHtml } from '../../../domain/placement/render-html.js';
import { renderPlan } from '../../../domain/placement/render-text.js';
import { ClientError } from '../../errors.js';
import { rawEvacuation, type EvacuationFlags } from '../evacuation-request.js';
import { EXIT } from '../exit-codes.js';
import type { Io } from '../io.js';

const SLOW_AFTER_MS = 10_000;

/** `ferry plan evacuate`: exit 0 if every guest could leave, 2 if some would stay. */
export async function planEvacuateCommand(io: Io, node: string, flags: EvacuationFlags & { json?: boolean; html?: string }): Promise<number> {
  const request = parseEvacuationRequest(rawEvacuation(node, flags, io.caller));
  const [{ withClient }, { planEvacuation }] = await Promise.all([import('../with-client.js'), import('../../api/plan.js')]);
  const slow = setTimeout(() => io.stderr.write('waiting for the answers of the nodes; is a control worker running (`ferry control`)?\n'), SLOW_AFTER_MS);
  const plan = await withClient(io, (client) => planEvacuation(client, request)).finally(() => clearTimeout(slow));
  if (flags.html !== undefined) await write(flags.html, renderPlanHtml(plan));
  io.stdout.write(`${flags.json === true ? JSON.stringify(plan, null, 2) : flags.html ?? renderPlan(plan)}\n`);
  return plan.stays.length === 0 ? EXIT.ok : EXIT.refused;
}

async function write(file: string, page: string): Promise<void> {
  try {
    await writeFile(file, page);
  } catch (error) {
    throw new ClientError('usage', `writing failed: ${file}: ${messageOf(error)}.`, error);
  }
}
