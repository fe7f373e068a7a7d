import type { z } from 'zod';
import { MigrationError } from '../errors.js';
import { describeIssues, show } from './describe-issues.js';
import { nameKeys } from './name-keys.js';

/** Parses one flat object with keys as people write them. Throws `InvalidInput` with one sentence that names every problem. */
export function parseObject<T>(raw: unknown, schema: z.ZodObject, example: string): T {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) throw new MigrationError('InvalidInput', `read request failed: expected an object such as ${example}, got ${show(raw)}`);
  const keys = Object.keys(schema.shape);
  const { named, problems } = nameKeys(raw, keys, {});
  const parsed = schema.safeParse(named);
  if (!parsed.success) problems.push(...describeIssues(parsed.error.issues, named, keys));
  if (!parsed.success || problems.length > 0) throw new MigrationError('InvalidInput', `read request failed: ${problems.join('; ')}`, { problems });
  // `nameKeys` left no key undefined, so absent options are absent here too.
  return parsed.data as T;
}
