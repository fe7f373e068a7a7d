import type { VmConfig } from '../../../domain/guest/vm-config.js';
import { parseProperties } from './option-text.js';

const FIRST_INDEX = 100;

/** Device name → QEMU's `bootindex`, from `boot: order=…`, or PVE's old letters (`c` disk, `d` CD-ROM, `n` network). */
export function bootIndexes(config: VmConfig): ReadonlyMap<string, number> {
  const options = parseProperties(config.values['boot'] ?? '', 'legacy');
  const order = options['order'] === undefined ? legacyOrder(config, options['legacy'] ?? 'cdn') : options['order'].split(';');
  return new Map(order.filter((name) => name !== '').map((name, position) => [name, FIRST_INDEX + position]));
}

function legacyOrder(config: VmConfig, letters: string): string[] {
  const disks = config.drives.filter((drive) => drive.media === 'disk').map((drive) => drive.name);
  const cdroms = config.drives.filter((drive) => drive.media === 'cdrom').map((drive) => drive.name);
  const bootDisk = config.values['bootdisk'] ?? disks[0];
  return [...letters].flatMap((letter) => {
    switch (letter) {
      case 'c': return bootDisk === undefined ? [] : [bootDisk];
      case 'd': return cdroms;
      case 'n': return config.nets.map((net) => net.name);
      default: return [];
    }
  });
}
