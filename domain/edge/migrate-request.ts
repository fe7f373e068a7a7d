import { z } from 'zod';
import { HIGHEST_PRIORITY, LOWEST_PRIORITY } from '../admission/priority.js';
import { networkOf } from '../cluster/network-of.js';
import type { MigrateRequest } from '../contracts/request.js';
import { MigrationError, messageOf } from '../errors.js';
import { parseHealthCheck } from '../guest/health-check.js';
import { parseStorageMap } from '../storage/storage-map.js';
import { describeIssues, show } from './describe-issues.js';
import { migrationType, nodeName, text, wholeNumber, yesOrNo } from './fields.js';
import { nameKeys } from './name-keys.js';

/**
 * Parses what an operator gave (command line, Temporal UI, another program). Keys may be written as here or as PVE does
 * (`with-local-disks`, `migration_network`); numbers and booleans may be strings; null is absent.
 * Throws `InvalidInput` with one sentence that names every problem.
 */
export function parseMigrateRequest(raw: unknown): MigrateRequest {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) {
    throw new MigrationError('InvalidInput', `read request failed: expected an object such as {"vmid":101,"target":"pve2"}, got ${show(raw)}`);
  }
  const { named, problems } = nameKeys(raw, KEYS, SHORT);
  const parsed = requestSchema.safeParse(named);
  if (!parsed.success) problems.push(...describeIssues(parsed.error.issues, named, KEYS));
  if (!parsed.success || problems.length > 0) throw new MigrationError('InvalidInput', `read request failed: ${problems.join('; ')}`, { problems });
  // `nameKeys` left no key undefined, so absent options are absent here too.
  return parsed.data as MigrateRequest;
}

const storageMap = z.string({ error: "expected a storage map ('1', 'target' or 'source:target,…')" }).superRefine((written, context) => {
  try {
    parseStorageMap(written);
  } catch (error) {
    context.addIssue({ code: 'custom', message: messageOf(error) });
  }
});

const network = z.string({ error: 'expected a CIDR such as 10.1.2.0/24' }).transform((written, context) => {
  const normal = networkOf(written.trim());
  if (normal === null) context.addIssue({ code: 'custom', message: 'expected a CIDR such as 10.1.2.0/24' });
  return normal ?? z.NEVER;
});

const HEALTH_CHECK = 'expected none, tcp:<port> or http:<port>/<path>';

const requestSchema = z.object({
  vmid: wholeNumber(100, 999_999_999),
  target: nodeName,
  online: yesOrNo.optional(),
  withLocalDisks: yesOrNo.default(true),
  targetStorage: storageMap.optional(),
  targetFormat: z.enum(['raw', 'qcow2'], { error: 'expected raw or qcow2' }).optional(),
  bwlimitKiBps: wholeNumber(0, Number.MAX_SAFE_INTEGER).optional(),
  migrationNetwork: network.optional(),
  migrationType: migrationType.optional(),
  downtimeLimitMs: wholeNumber(1, 2_000_000).optional(),
  convergenceDeadlineSeconds: wholeNumber(1, 604_800).optional(),
  maxCpuThrottlePercent: wholeNumber(1, 99).optional(),
  silenceTimeoutSeconds: wholeNumber(3, 3600).optional(),
  restart: yesOrNo.optional(),
  offlineShutdown: yesOrNo.optional(),
  shutdownTimeoutSeconds: wholeNumber(1, 86_400).optional(),
  healthCheck: z.string({ error: HEALTH_CHECK }).superRefine((written, context) => {
    try {
      parseHealthCheck(written);
    } catch {
      context.addIssue({ code: 'custom', message: HEALTH_CHECK });
    }
  }).optional(),
  priority: wholeNumber(HIGHEST_PRIORITY, LOWEST_PRIORITY).optional(),
  force: yesOrNo.default(false),
  requestedBy: text('who asks for it, at most 200 characters', /\S/, 200).default('unknown'),
  reason: text('a reason, at most 1000 characters').optional(),
});

const KEYS = Object.keys(requestSchema.shape);
/** Shorter spellings, as on PVE's and ferry's command lines. */
const SHORT: Readonly<Record<string, string>> = {
  format: 'targetFormat', bwlimit: 'bwlimitKiBps', downtimelimit: 'downtimeLimitMs', convergencedeadline: 'convergenceDeadlineSeconds', maxcputhrottle: 'maxCpuThrottlePercent',
  silencetimeout: 'silenceTimeoutSeconds', timeout: 'shutdownTimeoutSeconds', shutdowntimeout: 'shutdownTimeoutSeconds', health: 'healthCheck',
};
