import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A state directory of its own for one test file. */
export const newLabDir = (): string => mkdtempSync(join(tmpdir(), 'lab-'));
export const removeLabDir = (dir: string): void => rmSync(dir, { recursive: true, force: true });

/** Everything on the machine that a lab could leave behind, one line each. */
export interface MachineState {
  readonly namespaces: readonly string[];
  readonly mounts: readonly string[];
  readonly cgroups: readonly string[];
  readonly loops: readonly string[];
  readonly links: readonly string[];
  readonly sockets: readonly string[];
  readonly processes: readonly string[];
}

/** What there is now; of processes and sockets only what mentions `dir` or `id`, since the machine is shared. */
export function machineState(dir: string, id: string): MachineState {
  const lines = (argv: readonly [string, ...string[]]): string[] => execFileSync(argv[0], argv.slice(1), { encoding: 'utf8' }).split('\n').filter(Boolean);
  const mine = (line: string): boolean => line.includes(dir) || line.includes(`fl${id}`);
  return {
    namespaces: namespaces().filter((n) => n.startsWith(`fl${id}-`)),
    mounts: readFileSync('/proc/mounts', 'utf8').split('\n').filter(mine),
    cgroups: lines(['find', '/sys/fs/cgroup', '-type', 'd', '-name', `fl${id}*`]),
    loops: lines(['losetup', '-ln', '-O', 'NAME,BACK-FILE']).filter(mine),
    links: lines(['ip', '-o', 'link']).filter((l) => /(pve\d+-|br-m|br-guest|vmbr|tap|veth\d)/.test(l)),
    sockets: lines(['ss', '-Hlntux']).filter(mine),
    processes: allProcesses().filter((p) => p.text.includes(dir) || p.text.includes(`fl${id}-`)).map((p) => `${p.pid} ${p.text}`),
  };
}

/** Another lab may remove the directory at any moment. */
function namespaces(): string[] {
  try {
    return readdirSync('/run/netns');
  } catch {
    return [];
  }
}

/** Processes by command line and environment, this one and its parents' command lines excepted. */
function allProcesses(): { pid: number; text: string }[] {
  return readdirSync('/proc').map(Number).filter((pid) => pid > 0 && pid !== process.pid).flatMap((pid) => {
    try {
      return [{ pid, text: `${readFileSync(`/proc/${pid}/cmdline`, 'utf8')} ${readFileSync(`/proc/${pid}/environ`, 'utf8')}`.replaceAll('\0', ' ') }];
    } catch {
      return [];
    }
  });
}
