import type { VmConfig } from '../../../domain/guest/vm-config.js';
import { MigrationError } from '../../../domain/errors.js';
import { parseProperties } from './option-text.js';
import type { PciSlots } from './pci.js';

/** PVE's default is `std`. A serial terminal as display (`serialN`) means: no card. */
export function vgaArgs(config: VmConfig, slots: PciSlots): string[] {
  const options = parseProperties(config.values['vga'] ?? 'std', 'type');
  const type = options['type'] ?? 'std';
  if (type === 'none' || /^serial[0-3]$/.test(type)) return [];
  if (type !== 'std') throw new MigrationError('InvalidInput', `build command line failed: VM ${config.vmid}: vga ${type} is not supported`, { vga: type });
  const memory = options['memory'];
  return ['-device', `VGA,id=vga${slots.place('vga')}${memory === undefined ? '' : `,vgamem_mb=${Number(memory)}`}`];
}
