import type { NetDevice, VmConfig } from '../../../domain/guest/vm-config.js';
import { MigrationError } from '../../../domain/errors.js';
import { tapName } from '../../paths.js';
import { quoteComma } from './option-text.js';
import type { PciSlots } from './pci.js';

const MODELS: Readonly<Record<string, string>> = { virtio: 'virtio-net-pci', e1000: 'e1000', e1000e: 'e1000e', rtl8139: 'rtl8139', vmxnet3: 'vmxnet3' };

/** One tap, made beforehand (`process/taps.ts`), and one card for each `netN`. */
export function netArgs(config: VmConfig, slots: PciSlots, bootIndex: ReadonlyMap<string, number>): string[] {
  return [...config.nets].sort((a, b) => a.index - b.index).flatMap((net) => oneCard(config, net, slots, bootIndex.get(net.name)));
}

function oneCard(config: VmConfig, net: NetDevice, slots: PciSlots, bootIndex: number | undefined): string[] {
  const model = MODELS[net.model];
  if (model === undefined) throw new MigrationError('InvalidInput', `build command line failed: ${net.name}: model ${net.model} is not supported`, { net: net.name });
  const mtu = net.options['mtu'];
  return [
    '-netdev', `tap,id=${net.name},ifname=${tapName(config.vmid, net.index)},script=no,downscript=no`,
    '-device', [
      `${model},id=${net.name},netdev=${net.name},mac=${quoteComma(net.mac)}${slots.place(net.name)}`,
      // mtu=1 means "the bridge's", which QEMU can't know.
      mtu === undefined || mtu === '1' || net.model !== 'virtio' ? '' : `,host_mtu=${quoteComma(mtu)}`,
      bootIndex === undefined ? '' : `,bootindex=${bootIndex}`,
    ].join(''),
  ];
}
