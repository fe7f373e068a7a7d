import type { Drive } from '../../../domain/guest/vm-config.js';
import { MigrationError } from '../../../domain/errors.js';
import type { Image } from './input.js';
import { isOn } from './option-text.js';

/** The drive's two nodes as `-blockdev` JSON: format node `drive-<name>` over protocol node `file-<name>`. */
export function blockdevArg(drive: Drive, image: Image, ioUring: boolean): string {
  const cache = cacheOf(drive);
  const readOnly = drive.media === 'cdrom' || isOn(drive.options['ro']);
  const unmap = isOn(drive.options['discard']);
  const shared = { cache, 'read-only': readOnly, discard: unmap ? 'unmap' : 'ignore' };
  return JSON.stringify({
    driver: image.format, 'node-name': `drive-${drive.name}`, ...shared,
    ...(readOnly ? {} : { 'detect-zeroes': unmap ? 'unmap' : 'on' }),
    file: {
      driver: image.path.startsWith('/dev/') ? 'host_device' : 'file', 'node-name': `file-${drive.name}`, filename: image.path,
      ...shared, aio: aioOf(drive, cache.direct, ioUring),
    },
  });
}

/** PVE's cache modes. The two that write through are a matter of the device (`write-cache=off`) as well. */
function cacheOf(drive: Drive): { readonly direct: boolean; readonly 'no-flush': boolean } {
  const mode = drive.options['cache'] ?? (drive.media === 'cdrom' ? 'writeback' : 'none');
  switch (mode) {
    case 'none':
    case 'directsync': return { direct: true, 'no-flush': false };
    case 'writeback':
    case 'writethrough': return { direct: false, 'no-flush': false };
    case 'unsafe': return { direct: false, 'no-flush': true };
    default: throw new MigrationError('InvalidInput', `build command line failed: ${drive.name}: cache=${mode} is not known`, { drive: drive.name });
  }
}

function aioOf(drive: Drive, direct: boolean, ioUring: boolean): string {
  const wanted = drive.options['aio'] ?? 'io_uring';
  if (wanted === 'io_uring' && !ioUring) return 'threads';
  // Linux AIO blocks, and QEMU refuses it, without O_DIRECT.
  return wanted === 'native' && !direct ? 'threads' : wanted;
}
