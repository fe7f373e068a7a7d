import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { MigrationError } from '../../../domain/errors.js';
import type { CtConfig } from '../../../domain/guest/ct-config.js';
import type { Vmid, Volid } from '../../../domain/ids.js';
import { run } from '../../exec.js';
import { withStartLock } from '../../start-lock.js';
import type { CtVolume } from '../../storage/ct-volume.js';
import { buildLxcConfig } from '../config/build.js';
import { lxcHost } from '../host.js';
import { ctConfigPath, ctLogPath, ctRunDir, vethName, type LxcPaths } from '../paths.js';
import { mountVolumes } from '../volumes/mount.js';
import { unmountVolumes } from '../volumes/unmount.js';
import { startFailure } from './failure.js';
import { awaitRunning, awaitState, nameArguments } from './state.js';

export interface CtStartInput {
  readonly ct: CtConfig;
  readonly paths: LxcPaths;
  readonly resolve: (volid: Volid) => CtVolume;
  /** How long it may take until its init runs; default 30 s. */
  readonly timeoutMs?: number;
}

export interface CtStarted {
  readonly how: 'started' | 'running-already';
  readonly initPid: number;
}

const DEFAULT_TIMEOUT_MS = 30_000;
/** For an earlier run to end: its init is gone, and the kernel takes its network down. */
const SETTLE_TIMEOUT_MS = 10_000;

/**
 * Starts a container, volumes first; one that runs already is left alone. Its monitor is a process of its own: the caller may
 * end, the container goes on. Throws `TargetStartFailed` with LXC's own reason, `StorageUnavailable` for a volume; nothing
 * stays mounted then. LXC itself would start the same container on two nodes at once: that it is this node's is for the
 * caller to know, from the place of its config.
 */
export function startContainer(input: CtStartInput): Promise<CtStarted> {
  return withStartLock({ kind: 'CT', vmid: input.ct.vmid, runDir: input.paths.lxcRunDir }, () => startLocked(input));
}

async function startLocked(input: CtStartInput): Promise<CtStarted> {
  const { ct: { vmid }, paths } = input;
  const before = await awaitState(vmid, paths, SETTLE_TIMEOUT_MS, ({ state }) => state !== 'stopping' && state !== 'starting');
  if (before.initPid !== null && before.state !== 'stopped') return { how: 'running-already', initPid: before.initPid };
  if (before.state !== 'stopped') throw failed(vmid, `it is ${before.state} and does not get on`);
  try {
    await makeRunDir(input.ct, paths);
    const { rootfsPath, mounts } = await mountVolumes(input.ct, paths, input.resolve);
    await writeFile(ctConfigPath(paths, vmid), buildLxcConfig(input.ct, rootfsPath, mounts, { paths, host: lxcHost() }), { mode: 0o600 });
    return await launch(input);
  } catch (error) {
    await unmountVolumes(vmid, paths).catch(() => undefined);
    throw error;
  }
}

/**
 * A mounted image has programs that run as root whoever starts them: nobody may come by. The ids of an unprivileged container
 * are nobody's on the node, and its own root has to come by.
 */
async function makeRunDir({ vmid, unprivileged }: CtConfig, paths: LxcPaths): Promise<void> {
  await mkdir(ctRunDir(paths, vmid), { recursive: true, mode: 0o711 });
  await chmod(paths.lxcRunDir, 0o711);
  await chmod(ctRunDir(paths, vmid), unprivileged ? 0o711 : 0o700);
}

async function launch({ ct: { vmid }, paths, timeoutMs = DEFAULT_TIMEOUT_MS }: CtStartInput): Promise<CtStarted> {
  for (let attempt = 1; ; attempt += 1) {
    await removeVeths(vmid);
    await writeFile(ctLogPath(paths, vmid), '', { mode: 0o600 });
    const result = await run('lxc-start', [...nameArguments(vmid, paths), '-f', ctConfigPath(paths, vmid)], { timeoutMs });
    if (result.exitCode === 0) {
      const { state, initPid } = await awaitRunning(vmid, paths, timeoutMs);
      // lxc-start is content, with exit code 0, when somebody else has started it meanwhile.
      if (state === 'running' && initPid !== null) return { how: /already running/.test(result.stderr) ? 'running-already' : 'started', initPid };
      throw failed(vmid, state === 'stopped' ? 'its init ended at once' : `it is still ${state} after ${timeoutMs} ms`);
    }
    if (result.timedOut) throw failed(vmid, `lxc-start did not end within ${timeoutMs} ms`);
    const { cause, isLeftover } = startFailure(await readFile(ctLogPath(paths, vmid), 'utf8'), result.stderr);
    // Right after the end of its last run a name may still be taken.
    if (!isLeftover || attempt === 2) throw failed(vmid, cause);
  }
}

/** Nobody uses them: the container does not run. A monitor that was killed half way leaves its end behind. */
async function removeVeths(vmid: Vmid): Promise<void> {
  const ours = (await readdir('/sys/class/net')).filter((name) => name.startsWith(vethName(vmid, 0).slice(0, -1)));
  for (const name of ours) await run('ip', ['link', 'del', 'dev', name]);
}

const failed = (vmid: Vmid, cause: string): MigrationError => new MigrationError('TargetStartFailed', `start CT ${vmid} failed: ${cause}`, { vmid });
