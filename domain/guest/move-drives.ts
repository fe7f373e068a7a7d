import { MigrationError } from '../errors.js';
import type { DriveName, Volid } from '../ids.js';
import { formatDrive } from './drive.js';
import { editGuestConfig } from './edit-guest-config.js';
import { formatSize } from './size.js';
import type { VmConfig } from './vm-config.js';

/** Where a drive's content is after the migration. */
export interface DriveMove {
  readonly drive: DriveName;
  readonly volid: Volid;
  readonly format: 'raw' | 'qcow2';
  readonly sizeBytes: number;
}

/**
 * The config's text with each moved drive on its new volume, format and size written out, every other option kept.
 * Throws `Internal` for a drive the guest does not have, or a move without a volume.
 */
export function moveDrives(config: VmConfig, moves: readonly DriveMove[]): string {
  const set = Object.fromEntries(moves.map((move) => [move.drive, movedDrive(config, move)]));
  return editGuestConfig(config.text, { set });
}

function movedDrive({ drives, vmid }: VmConfig, { drive: name, volid, format, sizeBytes }: DriveMove): string {
  const drive = drives.find((known) => known.name === name);
  if (drive === undefined || volid === '') {
    const cause = drive === undefined ? 'the guest has no such drive' : 'no volume was made for it';
    throw new MigrationError('Internal', `move drive failed: ${name} of VM ${vmid}: ${cause}`);
  }
  return formatDrive({ file: volid, options: { ...drive.options, format, size: formatSize(sizeBytes) } });
}
