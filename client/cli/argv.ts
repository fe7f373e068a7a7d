/** PVE's words for ours. */
const SYNONYMS: Readonly<Record<string, string>> = { targetstorage: 'target-storage', targetformat: 'target-format', format: 'target-format' };
/** Options that are a yes or no; PVE's own command line gives them a value (`--online 1`). */
const FLAGS: ReadonlySet<string> = new Set(['online', 'with-local-disks', 'force']);
/** Their values are the operator's own words, which may look like an option. */
const FREE_TEXT: ReadonlySet<string> = new Set(['reason', 'by']);
const YES: ReadonlySet<string> = new Set(['1', 'yes', 'true', 'on']);
const NO: ReadonlySet<string> = new Set(['0', 'no', 'false', 'off']);

/**
 * PVE's spellings in ours: `--migration_network` → `--migration-network`, `--targetstorage` → `--target-storage`,
 * `-online 1` → `--online`, `--with-local-disks 0` → `--no-with-local-disks`. Values are left alone.
 */
export function normalizeArgv(argv: readonly string[]): string[] {
  const result: string[] = [];
  for (let at = 0; at < argv.length; at += 1) {
    const token = argv[at] as string;
    const match = /^--?([a-z][a-z_-]+)(?:=(.*))?$/s.exec(token);
    if (token === '--') return [...result, ...argv.slice(at)];
    if (match === null) {
      result.push(token);
      continue;
    }
    const name = canonical(match[1] as string);
    const next = argv[at + 1];
    if (!FLAGS.has(name)) {
      result.push(match[2] === undefined ? `--${name}` : `--${name}=${match[2]}`);
      if (FREE_TEXT.has(name) && match[2] === undefined && next !== undefined) {
        result.push(next);
        at += 1;
      }
      continue;
    }
    const value = match[2] ?? (next !== undefined && (YES.has(next) || NO.has(next)) ? next : undefined);
    if (match[2] === undefined && value !== undefined) at += 1;
    result.push(...flagTokens(name, value));
  }
  return result;
}

function canonical(name: string): string {
  const dashed = name.replaceAll('_', '-');
  return SYNONYMS[dashed] ?? dashed;
}

function flagTokens(name: string, value: string | undefined): string[] {
  if (value === undefined || YES.has(value)) return [`--${name}`];
  if (!NO.has(value)) return [`--${name}=${value}`];
  return name === 'force' ? [] : [`--no-${name}`];
}
