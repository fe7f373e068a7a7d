import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const HOME = process.env['FERRY_HOME'] ?? process.cwd();

/** Runs TypeScript `source` (imports relative to the project root, `./hypervisor/…`) in a process of its own that a test may kill. */
export function startChild(source: string, args: readonly string[]): ChildProcess {
  const dir = mkdtempSync(join(tmpdir(), 'ferry-child-'));
  const bundle = join(dir, 'child.cjs');
  execFileSync(join(HOME, 'node_modules/.bin/esbuild'), ['--bundle', '--log-level=warning', '--platform=node', '--format=cjs', '--packages=external', '--sourcefile=child.ts', '--loader=ts', `--outfile=${bundle}`], { input: source, cwd: HOME });
  const child = spawn(process.execPath, [bundle, ...args], { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, NODE_PATH: join(HOME, 'node_modules') } });
  child.once('exit', () => rmSync(dir, { recursive: true, force: true }));
  return child;
}
