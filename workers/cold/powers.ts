import type { GuestKind } from '../../domain/contracts/ports.js';
import type { GuestPower } from '../../hypervisor/cold/guest-power.js';
import type { NodeParts } from '../node-deps.js';
import { createCtPower } from './ct-power.js';
import { createVmPower } from './vm-power.js';

/** The power of either kind of guest on this node. */
export function createPowers({ config, configs, storages }: NodeParts): (kind: GuestKind) => GuestPower {
  const powers = { qemu: createVmPower(config, configs, storages), lxc: createCtPower(config, configs, storages) };
  return (kind) => powers[kind];
}
