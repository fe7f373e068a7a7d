import { run } from '../../../exec.js';

const MOST_MS = 30 * 60_000;

/**
 * The extended attributes of a whole tree by path, ACLs among them (`system.posix_acl_*`), in one walk of one process: Node
 * cannot read them. null: `getfattr` (Debian: attr) is not installed.
 */
export async function xattrsOf(dir: string): Promise<ReadonlyMap<string, string> | null> {
  const result = await run('getfattr', ['-R', '-P', '-h', '-d', '-m', '-', '-e', 'hex', '--', '.'], { cwd: dir, timeoutMs: MOST_MS, env: { LC_ALL: 'C' } }).catch(() => null);
  if (result === null) return null;
  const found = new Map<string, string>();
  for (const part of result.stdout.split('\n\n')) {
    const [first, ...values] = part.split('\n');
    if (first?.startsWith('# file: ') === true) found.set(pathOf(first.slice('# file: '.length)), values.filter((line) => line !== '').sort().join(' '));
  }
  return found;
}

/** getfattr writes a line's end and a backslash as a backslash and three octal digits. */
const pathOf = (written: string): string => written.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8))).replace(/^\.\//, '');
