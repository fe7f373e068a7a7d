import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { startTimeOf, type ProcessIdentity } from '../../process.js';
import { isAlive } from './process-identity.js';

const POLL_MS = 5;
const TERM_TIMEOUT_MS = 2000;

/**
 * Ends every ssh of this node that forwards a socket in `dir`. For a tunnel whose agent died between starting it and
 * writing its record: the arguments name the migration's own directory, so that it can be no other's.
 */
export async function closeTunnelsInto(dir: string): Promise<void> {
  await Promise.all(tunnelsInto(dir).map(async ({ process: found, forward }) => {
    const lives = (): boolean => isAlive(found, [forward]);
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      if (lives()) tell(found.pid, signal);
      const deadlineMs = performance.now() + TERM_TIMEOUT_MS;
      while (lives() && performance.now() < deadlineMs) await sleep(POLL_MS);
    }
  }));
}

function tunnelsInto(dir: string): { process: ProcessIdentity; forward: string }[] {
  const home = namespaceOf('self');
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap((name) => {
    const [program, ...args] = argumentsOf(name);
    const forward = args.find((arg, at) => args[at - 1] === '-L' && arg.startsWith(`${dir}/`));
    if (program !== 'ssh' || forward === undefined || namespaceOf(name) !== home) return [];
    const startTime = startTimeOf(Number(name));
    return startTime === null ? [] : [{ process: { pid: Number(name), startTime }, forward }];
  });
}

function argumentsOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

function namespaceOf(pid: string): string | null {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    return null;
  }
}

function tell(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
