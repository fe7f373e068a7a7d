import { readFileSync } from 'node:fs';

/** One mount of this node's mount namespace. */
export interface MountedAt {
  readonly target: string;
  /** `7:0`: that of the file system's device (stat(2), st_dev of what is inside). */
  readonly majorMinor: string;
}

/** Every mount at or below a directory, in the order they were made (proc_pid_mountinfo(5)). */
export function mountsBelow(directory: string, mountinfo = readFileSync('/proc/self/mountinfo', 'utf8')): readonly MountedAt[] {
  return mountinfo.split('\n').flatMap((line) => {
    const [, , majorMinor = '', , target = ''] = line.split(' ');
    const path = unescapeField(target);
    return path === directory || path.startsWith(`${directory}/`) ? [{ target: path, majorMinor }] : [];
  });
}

/** What a loop device shows; null: that is no loop device, or it is not in use. */
export function loopBackingFile(majorMinor: string): string | null {
  try {
    return readFileSync(`/sys/dev/block/${majorMinor}/loop/backing_file`, 'utf8').replace(/\n$/, '');
  } catch {
    return null;
  }
}

const unescapeField = (text: string): string => text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));
