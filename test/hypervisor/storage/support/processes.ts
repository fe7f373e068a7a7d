import { readdirSync, readFileSync } from 'node:fs';

/** Names of the processes a process has started that are still there. */
export function childrenOf(pid: number): readonly string[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap((name) => {
    try {
      const [, comm, ppid] = /\((.*)\) . (\d+)/.exec(readFileSync(`/proc/${name}/stat`, 'utf8')) ?? [];
      return Number(ppid) === pid ? [String(comm)] : [];
    } catch {
      return [];
    }
  });
}
