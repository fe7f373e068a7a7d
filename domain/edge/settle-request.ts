import { z } from 'zod';
import { MigrationError } from '../errors.js';
import type { SettlementRequest } from '../contracts/reconcile.js';
import { describeIssues, show } from './describe-issues.js';
import { nodeName, text, wholeNumber } from './fields.js';

/** Parses which migration shall be settled. Throws `InvalidInput` with one sentence that names every problem. */
export function parseSettleRequest(raw: unknown): SettlementRequest {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) {
    throw new MigrationError('InvalidInput', `read request failed: expected an object such as {"vmid":101,"epoch":"<epoch>"}, got ${show(raw)}`);
  }
  const parsed = settleSchema.safeParse(raw);
  if (parsed.success) return parsed.data;
  const problems = describeIssues(parsed.error.issues, raw, Object.keys(settleSchema.shape));
  throw new MigrationError('InvalidInput', `read request failed: ${problems.join('; ')}`, { problems });
}

const settleSchema = z.strictObject({
  vmid: wholeNumber(100, 999_999_999),
  epoch: text('an epoch, as in the name of the commit token', /^[\w-]+$/, 128),
  nodes: z.array(nodeName, { error: 'expected a list of node names' }).default([]),
});
