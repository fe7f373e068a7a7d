import type { Drive, VmConfig } from '../../../domain/guest/vm-config.js';
import { MigrationError } from '../../../domain/errors.js';
import type { PciSlots } from './pci.js';

export const SCSI_HARDWARE = ['lsi', 'virtio-scsi-pci', 'virtio-scsi-single'] as const;
export type ScsiHardware = (typeof SCSI_HARDWARE)[number];

const LSI_DISKS = 7;

/** PVE's default is `lsi`. */
export function scsiHardwareOf(config: VmConfig): ScsiHardware {
  const named = config.values['scsihw'] ?? 'lsi';
  const hardware = SCSI_HARDWARE.find((known) => known === named);
  if (hardware === undefined) throw new MigrationError('InvalidInput', `build command line failed: VM ${config.vmid}: scsihw ${named} is not supported`, { scsihw: named });
  return hardware;
}

/** The controllers these drives hang on. */
export function controllerArgs(drives: readonly Drive[], hardware: ScsiHardware, slots: PciSlots, hasIothread: (drive: Drive) => boolean): string[] {
  const scsi = drives.filter((drive) => drive.bus === 'scsi');
  const devices = hardware === 'virtio-scsi-single'
    ? scsi.map((drive) => `virtio-scsi-pci,id=virtioscsi${drive.index}${slots.place(`virtioscsi${drive.index}`)}${hasIothread(drive) ? `,iothread=iothread-${drive.name}` : ''}`)
    : [...new Set(scsi.map((drive) => controllerOf(drive.index, hardware)))].map((id) => `${hardware},id=${id}${slots.place(id)}`);
  const sata = drives.some((drive) => drive.bus === 'sata') ? [`ahci,id=ahci0${slots.place('ahci0')}`] : [];
  return [...devices, ...sata].flatMap((device) => ['-device', device]);
}

/** Where a SCSI disk hangs. */
export function scsiPlace(index: number, hardware: ScsiHardware): string {
  const bus = `bus=${controllerOf(index, hardware)}.0`;
  return hardware === 'lsi' ? `${bus},scsi-id=${index % LSI_DISKS}` : `${bus},channel=0,scsi-id=0,lun=${index}`;
}

function controllerOf(index: number, hardware: ScsiHardware): string {
  switch (hardware) {
    case 'lsi': return `scsihw${Math.floor(index / LSI_DISKS)}`;
    case 'virtio-scsi-pci': return 'scsihw0';
    case 'virtio-scsi-single': return `virtioscsi${index}`;
  }
}
