import { z } from 'zod';
import type { EvacuationRequest } from '../contracts/evacuation.js';
import { MigrationError } from '../errors.js';
import { parseHealthCheck } from '../guest/health-check.js';
import { parseWindow } from '../window/parse-window.js';
import { describeIssues, show } from './describe-issues.js';
import { listOf, migrationType, nodeName, text, wholeNumber, yesOrNo } from './fields.js';
import { nameKeys } from './name-keys.js';

/**
 * Parses what an operator gave to empty a node; `{"node":"pve1"}` is enough. Keys, numbers, booleans and lists may be written as
 * for a migration (`parseMigrateRequest`). Throws `InvalidInput` with one sentence that names every problem.
 */
export function parseEvacuationRequest(raw: unknown): EvacuationRequest {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) {
    throw new MigrationError('InvalidInput', `read request failed: expected an object such as {"node":"pve1"}, got ${show(raw)}`);
  }
  const { named, problems } = nameKeys(raw, KEYS, SHORT);
  const parsed = requestSchema.safeParse(named);
  if (!parsed.success) problems.push(...describeIssues(parsed.error.issues, named, KEYS));
  else if (parsed.data.targets?.includes(parsed.data.node) === true) problems.push(`targets: ${parsed.data.node} is the node to empty`);
  if (!parsed.success || problems.length > 0) throw new MigrationError('InvalidInput', `read request failed: ${problems.join('; ')}`, { problems });
  // `nameKeys` left no key undefined, so absent options are absent here too.
  return parsed.data as EvacuationRequest;
}

const HEALTH_CHECK = 'expected tcp:<port>, http:<port>/<path> or agent';
const WINDOW = "expected a window such as '22:00-05:00 Europe/Berlin'";

const requestSchema = z.object({
  node: nodeName,
  approval: yesOrNo.default(false),
  dryRun: yesOrNo.default(false),
  targets: listOf(nodeName, 'node names').refine((list) => list.length > 0, { error: 'expected at least one node name' }).optional(),
  spareMemoryPercent: wholeNumber(0, 90).default(10),
  restartContainers: yesOrNo.default(true),
  offlineShutdown: yesOrNo.default(false),
  parking: yesOrNo.default(false),
  concurrency: wholeNumber(1, 64).default(2),
  bwlimitKiBps: wholeNumber(0, Number.MAX_SAFE_INTEGER).optional(),
  migrationType: migrationType.optional(),
  canary: wholeNumber(0, 1000).default(0),
  healthCheck: z.string({ error: HEALTH_CHECK }).refine(isHealthCheck, { error: HEALTH_CHECK }).optional(),
  failureBudget: wholeNumber(0, 100_000).default(2),
  applicationTagPrefix: text('the beginning of a tag (letters, digits and -_+.)', /^[a-z0-9_][a-z0-9_.+-]*$/i, 64).default('app-'),
  window: z.string({ error: WINDOW }).transform((written) => written.trim()).refine(isWindow, { error: WINDOW }).optional(),
  atWindowClose: z.enum(['finish', 'rollBack'], { error: 'expected finish or rollBack' }).default('finish'),
  skip: listOf(wholeNumber(100, 999_999_999), 'guest numbers').default([]),
  requestedBy: text('who asks for it, at most 200 characters', /\S/, 200).default('unknown'),
  reason: text('a reason, at most 1000 characters').optional(),
});

const KEYS = Object.keys(requestSchema.shape);
/** Shorter spellings, as on PVE's (`migrateall`: `maxworkers`) and ferry's command lines. */
const SHORT: Readonly<Record<string, string>> = {
  target: 'targets', maxworkers: 'concurrency', bwlimit: 'bwlimitKiBps', health: 'healthCheck', spare: 'spareMemoryPercent', sparememory: 'spareMemoryPercent',
  restart: 'restartContainers', applicationtag: 'applicationTagPrefix',
};

function isHealthCheck(written: string): boolean {
  if (written === 'agent') return true;
  try {
    return parseHealthCheck(written).kind !== 'none';
  } catch {
    return false;
  }
}

function isWindow(written: string): boolean {
  try {
    parseWindow(written);
    return true;
  } catch {
    return false;
  }
}
