import { chmod, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { MigrationError, messageOf } from '../../../domain/errors.js';
import type { Vmid } from '../../../domain/ids.js';
import { both } from '../../both.js';
import { run } from '../../exec.js';
import type { RunPaths } from '../../paths.js';
import { withStartLock } from '../../start-lock.js';
import { findQemu, type QemuProcess } from './identity.js';
import { stopQemu } from './stop.js';
import { createTaps, removeTaps, type Tap } from './taps.js';

export interface StartInput {
  readonly vmid: Vmid;
  /** Binary first; daemonizes and writes the pid file (`buildCommandLine`). What has to be there before it is run may still be in the making. */
  readonly argv: readonly string[] | Promise<readonly string[]>;
  readonly taps: readonly Tap[];
  readonly paths: RunPaths;
}

const START_TIMEOUT_MS = 60_000;
const FAILED_START_GRACE_MS = 1000;

/**
 * Starts a guest's QEMU, taps first. It is a process of its own: the caller may end, it goes on. Throws `TargetStartFailed`
 * with QEMU's own words, or when the guest runs already; nothing made here is left behind then.
 */
export function startQemu(input: StartInput): Promise<QemuProcess> {
  return withStartLock({ kind: 'VM', vmid: input.vmid, runDir: input.paths.qemuRunDir }, () => startLocked(input));
}

async function startLocked(input: StartInput): Promise<QemuProcess> {
  const { vmid, paths } = input;
  const running = findQemu(vmid, paths);
  if (running !== null) throw new MigrationError('TargetStartFailed', `start VM ${vmid} failed: it is running already (pid ${running.pid})`, { vmid, ...running });
  await mkdir(paths.qemuRunDir, { recursive: true, mode: 0o700 });
  await chmod(paths.qemuRunDir, 0o700);
  try {
    const [argv] = await both(Promise.resolve(input.argv), makeTaps(input));
    return await launch(argv, input);
  } catch (error) {
    await stopQemu(vmid, paths, { graceMs: FAILED_START_GRACE_MS });
    throw error;
  }
}

async function makeTaps({ vmid, taps }: StartInput): Promise<void> {
  await removeTaps(vmid);
  await createTaps(taps);
}

async function launch(argv: readonly string[], { vmid, paths }: StartInput): Promise<QemuProcess> {
  const [binary = '', ...args] = argv;
  const result = await run(binary, args, { timeoutMs: START_TIMEOUT_MS }).catch((error: unknown) => {
    throw new MigrationError('TargetStartFailed', `start VM ${vmid} failed: ${messageOf(error)}`, { vmid, argv }, error);
  });
  const qemu = result.exitCode === 0 ? findQemu(vmid, paths) : null;
  if (qemu !== null) {
    await makeSocketsPrivate(vmid, paths);
    return qemu;
  }
  const words = result.stderr.trim();
  const cause = result.timedOut ? `not ready within ${START_TIMEOUT_MS} ms` : result.exitCode === 0 ? 'it ended at once' : `exit ${result.exitCode ?? 'by signal'}`;
  throw new MigrationError('TargetStartFailed', `start VM ${vmid} failed: ${words === '' ? cause : words}`, { vmid, exitCode: result.exitCode, stderr: result.stderr, argv });
}

/** `-daemonize` sets a umask of its own (027). Nobody was let in before either: the directory is 0700. */
async function makeSocketsPrivate(vmid: Vmid, paths: RunPaths): Promise<void> {
  const names = await readdir(paths.qemuRunDir);
  await Promise.all(names.filter((name) => name.startsWith(`${vmid}.`)).map((name) => chmod(join(paths.qemuRunDir, name), 0o600)));
}
