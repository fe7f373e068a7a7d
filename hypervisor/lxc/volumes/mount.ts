import { mkdir, realpath, stat } from 'node:fs/promises';
import { MigrationError, messageOf } from '../../../domain/errors.js';
import type { CtConfig, CtMount } from '../../../domain/guest/ct-config.js';
import type { Vmid, Volid } from '../../../domain/ids.js';
import { runOk } from '../../exec.js';
import type { CtVolume } from '../../storage/ct-volume.js';
import type { MountedSource } from '../config/mounts.js';
import { ctMountPath, type LxcPaths } from '../paths.js';
import { loopBackingFile, mountsBelow } from './mount-table.js';
import { unmountOne } from './unmount.js';

export interface MountedVolumes {
  readonly rootfsPath: string;
  readonly mounts: readonly MountedSource[];
}

/** Options of the file system itself, passed on when it is mounted from an image. */
const OF_FILE_SYSTEM = ['discard', 'lazytime', 'noatime', 'relatime'];

/**
 * Makes the content of every volume reachable as a directory: a subvol and a bind are one already, an image is mounted
 * through a loop device and a block device as it is, below the run directory. What an earlier attempt has mounted is taken
 * over. Throws `StorageUnavailable` with mount's own words; what was mounted until then stays (`unmountVolumes`).
 */
export async function mountVolumes(ct: CtConfig, paths: LxcPaths, resolve: (volid: Volid) => CtVolume): Promise<MountedVolumes> {
  if (ct.rootfs === null) throw failed(ct.vmid, 'rootfs', 'the config names none');
  const rootfsPath = await contentOf(ct, ct.rootfs, paths, resolve);
  const mounts: MountedSource[] = [];
  for (const mount of ct.mountPoints) mounts.push({ mount, path: await contentOf(ct, mount, paths, resolve) });
  return { rootfsPath, mounts };
}

async function contentOf(ct: CtConfig, mount: CtMount, paths: LxcPaths, resolve: (volid: Volid) => CtVolume): Promise<string> {
  const volume = mount.volid === null ? null : resolve(mount.volid);
  const path = volume?.path ?? mount.source;
  const found = await stat(path).catch((error: unknown) => { throw failed(ct.vmid, mount.name, messageOf(error), error); });
  const needs = volume?.kind === 'raw' ? 'file' : mount.kind === 'device' ? 'device' : 'directory';
  const isThere = { file: found.isFile(), device: found.isBlockDevice(), directory: found.isDirectory() }[needs];
  if (!isThere) throw failed(ct.vmid, mount.name, `${path} is no ${needs === 'device' ? 'block device' : needs}`);
  if (needs === 'directory') return path;
  const target = ctMountPath(paths, ct.vmid, mount.name);
  await mountAt(ct.vmid, mount, { path: await realpath(path), majorMinor: needs === 'device' ? numbersOf(found.rdev) : null }, target);
  return target;
}

interface Source {
  readonly path: string;
  /** null: a file, which gets a loop device. */
  readonly majorMinor: string | null;
}

async function mountAt(vmid: Vmid, mount: CtMount, source: Source, target: string): Promise<void> {
  await mkdir(target, { recursive: true, mode: 0o711 });
  const real = await realpath(target);
  for (const there of [...mountsBelow(real)].reverse()) {
    if (there.target === real && (there.majorMinor === source.majorMinor || loopBackingFile(there.majorMinor) === source.path)) return;
    // The directory is ours, and the container does not run: this is what another volume has left.
    await unmountOne(vmid, there);
  }
  const options = [...(source.majorMinor === null ? ['loop'] : []), ...(mount.readOnly ? ['ro'] : []), ...mount.mountOptions.filter((option) => OF_FILE_SYSTEM.includes(option))];
  await runOk('mount', [...(options.length === 0 ? [] : ['-o', options.join(',')]), '--', source.path, target], { code: 'StorageUnavailable' })
    .catch((error: unknown) => { throw failed(vmid, mount.name, messageOf(error), error); });
}

/** The kernel's new encoding of a device number (makedev(3)). */
const numbersOf = (dev: number): string => `${((dev >>> 8) & 0xfff)}:${(dev & 0xff) | ((dev >>> 12) & 0xfff00)}`;

const failed = (vmid: Vmid, name: string, reason: string, cause?: unknown): MigrationError =>
  new MigrationError('StorageUnavailable', `mount volume failed: ${name} of CT ${vmid}: ${reason}`, { vmid, mount: name }, cause);
