import type { Drive } from '../../../domain/guest/vm-config.js';
import { blockdevArg } from './blockdev.js';
import type { CommandLineInput, Image } from './input.js';
import { controllerArgs, type ScsiHardware, scsiHardwareOf, scsiPlace } from './controllers.js';
import type { MachineFamily } from './machine.js';
import { isOn, quoteComma } from './option-text.js';
import type { PciSlots } from './pci.js';
import { MigrationError } from '../../../domain/errors.js';

export interface DriveArgsInput extends CommandLineInput {
  readonly drives: readonly Drive[];
  readonly family: MachineFamily;
  readonly slots: PciSlots;
  readonly bootIndex: ReadonlyMap<string, number>;
}

/** Iothreads, controllers, then each drive as node and device. The device is called as the drive, its node `drive-<name>`. */
export function driveArgs(input: DriveArgsInput): string[] {
  const hardware = scsiHardwareOf(input.config);
  return [
    ...input.drives.filter((drive) => hasIothread(drive, hardware)).flatMap((drive) => ['-object', `iothread,id=iothread-${drive.name}`]),
    ...controllerArgs(input.drives, hardware, input.slots, (drive) => hasIothread(drive, hardware)),
    ...input.drives.flatMap((drive) => oneDrive(drive, hardware, input)),
  ];
}

/** By bus, then number: the order in the file means nothing. */
export const sortDrives = (drives: readonly Drive[]): readonly Drive[] =>
  [...drives].sort((a, b) => a.bus.localeCompare(b.bus) || a.index - b.index);

/** As in PVE, an iothread takes a controller of the disk's own. */
const hasIothread = (drive: Drive, hardware: ScsiHardware): boolean =>
  isOn(drive.options['iothread']) && (drive.bus === 'virtio' || (drive.bus === 'scsi' && hardware === 'virtio-scsi-single'));

function oneDrive(drive: Drive, hardware: ScsiHardware, input: DriveArgsInput): string[] {
  const image = imageOf(drive, input);
  const bootIndex = input.bootIndex.get(drive.name);
  const device = [
    deviceOf(drive, hardware, input),
    image === null ? '' : `,drive=drive-${drive.name}`,
    `,id=${drive.name}`,
    image === null || drive.media === 'cdrom' ? '' : `,write-cache=${WRITE_THROUGH.has(drive.options['cache'] ?? '') ? 'off' : 'on'}`,
    hasIothread(drive, hardware) && drive.bus === 'virtio' ? `,iothread=iothread-${drive.name}` : '',
    isOn(drive.options['ssd']) && drive.bus !== 'virtio' && drive.media === 'disk' ? ',rotation_rate=1' : '',
    drive.options['serial'] === undefined ? '' : `,serial=${quoteComma(decoded(drive.options['serial']))}`,
    bootIndex === undefined ? '' : `,bootindex=${bootIndex}`,
  ];
  return [...(image === null ? [] : ['-blockdev', blockdevArg(drive, image, input.ioUring === true)]), '-device', device.join('')];
}

const WRITE_THROUGH = new Set(['writethrough', 'directsync']);

function deviceOf(drive: Drive, hardware: ScsiHardware, input: DriveArgsInput): string {
  const kind = drive.media === 'cdrom' ? 'cd' : 'hd';
  switch (drive.bus) {
    case 'scsi': return `scsi-${kind},${scsiPlace(drive.index, hardware)}`;
    case 'virtio': return `virtio-blk-pci${input.slots.place(drive.name)}`;
    case 'sata': return `ide-${kind},bus=ahci0.${drive.index}`;
    // A q35 has one drive on each of its six ports, a pc two on each of its two channels.
    case 'ide': return input.family === 'q35' ? `ide-${kind},bus=ide.${drive.index}` : `ide-${kind},bus=ide.${drive.index >> 1},unit=${drive.index & 1}`;
  }
}

/** null: a CD-ROM drive with nothing in it. */
function imageOf(drive: Drive, input: DriveArgsInput): Image | null {
  const override = input.overrides?.[drive.name];
  if (override !== undefined) return override;
  if (drive.file === 'none') return null;
  const format = drive.options['format'];
  if (drive.volid !== null) {
    const image = input.resolve(drive.volid);
    return { path: image.path, format: format ?? image.format };
  }
  if (drive.file.startsWith('/')) return { path: drive.file, format: format ?? 'raw' };
  throw new MigrationError('InvalidInput', `build command line failed: ${drive.name}: ${drive.file} is not supported`, { drive: drive.name });
}

/** PVE writes it URL-encoded; what isn't is taken as it stands. */
function decoded(serial: string): string {
  try {
    return decodeURIComponent(serial);
  } catch {
    return serial;
  }
}
