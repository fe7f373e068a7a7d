import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

// Real processes on a machine that may be busy.
jest.setTimeout(60_000);

export interface BareQemu {
  readonly qmpPath: string;
  readonly pid: number;
  kill(): Promise<void>;
}

/** A QEMU of the test's own, no guest in it: a child process with one QMP socket. */
export function startBareQemu(folder: string, args: readonly string[] = ['-S'], name = 'bare'): BareQemu {
  const qmpPath = join(folder, `${name}.qmp`);
  const child = spawn('qemu-system-x86_64', [
    '-nodefaults', '-no-user-config', '-display', 'none', '-machine', 'pc', '-accel', 'tcg', '-m', '32',
    '-qmp', `unix:${qmpPath},server=on,wait=off`, ...args,
  ], { stdio: 'ignore' });
  const gone = once(child, 'exit');
  return {
    qmpPath,
    pid: child.pid!,
    async kill() {
      child.kill('SIGKILL');
      await gone;
    },
  };
}
