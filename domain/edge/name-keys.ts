import { unknownKey } from './describe-issues.js';
import { squash } from './nearest.js';

/**
 * The given keys under their proper names: written as here or as PVE does (`with-local-disks`, `migration_network`), or by one of
 * the shorter spellings (squashed: lower case, no dashes). null is absent. Every key that is unknown or given twice is a problem.
 */
export function nameKeys(raw: object, keys: readonly string[], short: Readonly<Record<string, string>>): { readonly named: Record<string, unknown>; readonly problems: string[] } {
  const spellings = new Map([...keys.map((key) => [squash(key), key] as const), ...Object.entries(short)]);
  const named: Record<string, unknown> = {};
  const problems: string[] = [];
  for (const [written, value] of Object.entries(raw).filter(([, given]) => given !== null && given !== undefined)) {
    const key = spellings.get(squash(written));
    if (key === undefined) problems.push(unknownKey(written, keys));
    else if (named[key] !== undefined) problems.push(`${key} is given twice, also as '${written}'`);
    else named[key] = value;
  }
  return { named, problems };
}
