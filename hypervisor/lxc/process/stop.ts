import { existsSync } from 'node:fs';
import { MigrationError } from '../../../domain/errors.js';
import type { Vmid } from '../../../domain/ids.js';
import { run } from '../../exec.js';
import { awaitEnd, identify, type ProcessIdentity } from '../../process.js';
import { ctConfigPath, type LxcPaths } from '../paths.js';
import { unmountVolumes } from '../volumes/unmount.js';
import { awaitState, containerState, monitorPid, nameArguments } from './state.js';

export interface CtStopOptions {
  /** For the init to halt by itself; 0 with `kill`: it is not asked. */
  readonly timeoutMs: number;
  /** Ends a container whose init does not halt. Without it such a container goes on. */
  readonly kill?: boolean;
}

export type CtStopped = 'not-running' | 'halted' | 'killed';

/** After its init: network, cgroups and mounts are taken down by the monitor. */
const MONITOR_TIMEOUT_MS = 10_000;
const COMMAND_TIMEOUT_MS = 30_000;

/**
 * Asks the container's init to halt and waits for the end of all of it, its monitor included; then unmounts its image volumes.
 * As PVE's shutdown (`lxc-stop --nokill`): an unwilling init is reported with `GuestNotStopped`, and killed only with `kill`.
 * No error when it does not run. Throws `StorageUnavailable` when a volume is still busy.
 */
export async function stopContainer(vmid: Vmid, paths: LxcPaths, options: CtStopOptions): Promise<CtStopped> {
  const { state, initPid } = await containerState(vmid, paths);
  if (state === 'frozen' && options.kill !== true) throw notStopped(vmid, 'it is frozen, and a frozen init hears nothing; thaw it first (lxc-unfreeze)');
  const how = state === 'stopped' ? 'not-running' : await end(vmid, paths, initPid, options);
  await unmountVolumes(vmid, paths);
  return how;
}

async function end(vmid: Vmid, paths: LxcPaths, initPid: number | null, { timeoutMs, kill }: CtStopOptions): Promise<CtStopped> {
  const init = initPid === null ? null : identify(initPid);
  const monitorId = initPid === null ? null : monitorPid(initPid);
  const monitor = monitorId === null ? null : identify(monitorId);
  if (timeoutMs > 0 || kill !== true) {
    const refusal = await command(vmid, paths, '--nokill', '--nowait');
    if (await gone(init, timeoutMs)) {
      await settled(vmid, paths, monitor);
      return 'halted';
    }
    if (kill !== true) throw notStopped(vmid, refusal ?? `its init did not halt within ${timeoutMs} ms (container did not stop)`);
  }
  const refusal = await command(vmid, paths, '--kill');
  if (!(await gone(init, MONITOR_TIMEOUT_MS))) throw notStopped(vmid, refusal ?? 'its init is still there after SIGKILL');
  await settled(vmid, paths, monitor);
  return 'killed';
}

/**
 * One lxc-stop; its own words when it fails, null otherwise. The halt signal is the asking program's to know (LXC 5.0,
 * lxccontainer.c): without our config it would send SIGPWR to every init.
 */
async function command(vmid: Vmid, paths: LxcPaths, ...how: string[]): Promise<string | null> {
  const config = ctConfigPath(paths, vmid);
  const result = await run('lxc-stop', [...nameArguments(vmid, paths), ...(existsSync(config) ? ['--rcfile', config] : []), ...how], { timeoutMs: COMMAND_TIMEOUT_MS });
  // 2: it does not run (any more), which is what we want.
  return result.exitCode === 0 || result.exitCode === 2 ? null : `lxc-stop: ${(result.stderr || result.stdout).trim() || `exit ${result.exitCode ?? 'by signal'}`}`;
}

const gone = async (process: ProcessIdentity | null, timeoutMs: number): Promise<boolean> => process === null || awaitEnd(process, timeoutMs);

async function settled(vmid: Vmid, paths: LxcPaths, monitor: ProcessIdentity | null): Promise<void> {
  if (!(await gone(monitor, MONITOR_TIMEOUT_MS))) throw notStopped(vmid, `its init is gone, but its monitor (pid ${monitor?.pid}) does not end`);
  const { state } = await awaitState(vmid, paths, MONITOR_TIMEOUT_MS, (seen) => seen.state === 'stopped');
  if (state !== 'stopped') throw notStopped(vmid, `it is still ${state}`);
}

const notStopped = (vmid: Vmid, cause: string): MigrationError => new MigrationError('GuestNotStopped', `stop CT ${vmid} failed: ${cause}`, { vmid });
