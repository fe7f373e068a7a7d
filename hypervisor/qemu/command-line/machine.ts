import { MigrationError } from '../../../domain/errors.js';
import { parseProperties } from './option-text.js';

export type MachineFamily = 'pc' | 'q35';

/** The machine type by QEMU's name. PVE's own revision (`+pve1`) says nothing to another QEMU and is cut off. */
export function machineOf(machine: string | null): { readonly type: string; readonly family: MachineFamily } {
  const named = parseProperties(machine ?? 'pc', 'type')['type'] ?? 'pc';
  const type = named.replace(/\+pve\d+$/, '');
  if (!/^(pc|q35|pc-(i440fx|q35)-\d+\.\d+(\.\d+)?)$/.test(type)) {
    throw new MigrationError('InvalidInput', `build command line failed: machine ${named} is not supported`, { machine: named });
  }
  return { type, family: type.includes('q35') ? 'q35' : 'pc' };
}
