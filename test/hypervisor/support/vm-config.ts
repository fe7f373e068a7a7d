import type { Drive, NetDevice, VmConfig } from '../../../domain/guest/vm-config.js';

/** A parsed config made of its lines: the reader of the real file has tests of its own. */
export function vmConfig(vmid: number, lines: Readonly<Record<string, string>>): VmConfig {
  const entries = Object.entries(lines);
  return {
    vmid, values: lines, name: lines['name'] ?? `VM${vmid}`, lock: lines['lock'] ?? null, memoryMiB: Number(lines['memory'] ?? 64),
    sockets: Number(lines['sockets'] ?? 1), cores: Number(lines['cores'] ?? 1), cpu: lines['cpu'] ?? null, kvm: lines['kvm'] === '1',
    machine: lines['machine'] ?? null, drives: entries.flatMap(([key, value]) => toDrive(key, value)),
    nets: entries.flatMap(([key, value]) => toNet(key, value)), unknownKeys: [], template: false, pending: {}, snapshots: {},
    text: entries.map(([key, value]) => `${key}: ${value}\n`).join(''),
  };
}

function toDrive(name: string, value: string): Drive[] {
  const match = /^(scsi|virtio|sata|ide)(\d+)$/.exec(name);
  if (match === null) return [];
  const [file = '', ...rest] = value.split(',');
  const options = optionsOf(rest);
  return [{
    name, bus: match[1] as Drive['bus'], index: Number(match[2]), file, volid: file.includes(':') ? file : null,
    media: options['media'] === 'cdrom' ? 'cdrom' : 'disk', options,
  }];
}

function toNet(name: string, value: string): NetDevice[] {
  const match = /^net(\d+)$/.exec(name);
  if (match === null) return [];
  const [card = '', ...rest] = value.split(',');
  const [model = '', mac = ''] = card.split('=');
  const options = optionsOf(rest);
  return [{ name, index: Number(match[1]), model, mac, bridge: options['bridge'] ?? null, tag: options['tag'] === undefined ? null : Number(options['tag']), options }];
}

const optionsOf = (parts: readonly string[]): Record<string, string> => Object.fromEntries(parts.map((part) => {
  const cut = part.indexOf('=');
  return [part.slice(0, cut), part.slice(cut + 1)];
}));
