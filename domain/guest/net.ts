import { parsePropertyString, type Parsed } from './property-string.js';
import type { NetDevice } from './vm-config.js';

export const MAC = /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/i;
/** PVE's network card models: `<model>=<mac>` is short for `model=<model>,macaddr=<mac>`. */
const MODELS = [
  'e1000', 'e1000-82540em', 'e1000-82544gc', 'e1000-82545em', 'e1000e', 'i82551', 'i82557b', 'i82559er', 'ne2k_isa', 'ne2k_pci',
  'pcnet', 'rtl8139', 'virtio', 'vmxnet3',
];

/** One `netN` line, taken apart. `problems` is empty when it is well-formed. */
export function parseNet(name: string, text: string): Parsed<NetDevice> {
  const { properties, problems } = parsePropertyString(text, 'model');
  const short = MODELS.find((known) => properties[known] !== undefined);
  const { model = short, macaddr, bridge, tag, ...rest } = properties;
  const mac = macaddr ?? (short === undefined ? undefined : rest[short]);
  if (model === undefined) return { value: null, problems: [...problems, `no network card model in '${text}'`] };
  const found = [...problems];
  if (!MODELS.includes(model)) found.push(`unknown network card model '${model}'`);
  if (mac === undefined || !MAC.test(mac)) found.push(mac === undefined ? 'no MAC address' : `not a MAC address: '${mac}'`);
  if (tag !== undefined && !isVlan(tag)) found.push(`tag is not a VLAN from 1 to 4094: '${tag}'`);
  const options = Object.fromEntries(Object.entries(rest).filter(([key]) => key !== short));
  const net: NetDevice = {
    name, index: Number(name.slice('net'.length)), model, mac: mac ?? '', bridge: bridge ?? null, tag: tag === undefined ? null : Number(tag), options,
  };
  return { value: net, problems: found };
}

export const isVlan = (text: string): boolean => /^\d+$/.test(text) && Number(text) >= 1 && Number(text) <= 4094;
