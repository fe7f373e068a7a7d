import { parsePropertyString } from '../guest/property-string.js';

const OPERATIONS = ['default', 'migration', 'clone', 'move', 'restore'];

/** PVE's `bwlimit: migration=N,default=N,…`: KiB/s by operation, 0: unlimited. */
export function parseBwlimit(text: string): { readonly limits: Readonly<Record<string, number>>; readonly problems: readonly string[] } {
  const { properties, problems } = parsePropertyString(text);
  const limits: Record<string, number> = {};
  const found = problems.map((problem) => `bwlimit: ${problem}`);
  if (Object.keys(properties).length === 0 && found.length === 0) found.push('bwlimit: no limit given');
  for (const [operation, value] of Object.entries(properties)) {
    if (!OPERATIONS.includes(operation)) found.push(`bwlimit: unknown key '${operation}', expected ${OPERATIONS.join(', ')}`);
    else if (!/^\d+(\.\d+)?$/.test(value)) found.push(`bwlimit: ${operation}: expected KiB/s, a number from 0, got '${value}'`);
    else limits[operation] = Number(value);
  }
  return { limits, problems: found };
}
