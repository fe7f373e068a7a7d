import type { CtMount } from '../../../domain/guest/ct-config.js';

/** A mount point's content, where it is on the node: a directory. */
export interface MountedSource {
  readonly mount: CtMount;
  readonly path: string;
}

/** Options that belong to one mount; the others are the file system's, and it is mounted already. */
const PER_MOUNT = ['noatime', 'nodev', 'noexec', 'nosuid', 'relatime'];

/** An `lxc.mount.entry`: fstab(5)'s form, the target relative to the root file system, made when it is not there. */
export function mountLine({ mount, path }: MountedSource): string {
  const options = ['bind', 'create=dir', ...(mount.readOnly ? ['ro'] : []), ...mount.mountOptions.filter((option) => PER_MOUNT.includes(option))];
  return `${escapeField(path)} ${escapeField(mount.path.replace(/^\/+/, ''))} none ${options.join(',')} 0 0`;
}

/** fstab(5): white space and backslash as octal numbers. */
const escapeField = (text: string): string => text.replace(/[\s\\]/g, (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`);
