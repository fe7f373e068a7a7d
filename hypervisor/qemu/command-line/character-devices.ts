import type { VmConfig } from '../../../domain/guest/vm-config.js';
import { MigrationError } from '../../../domain/errors.js';
import { agentPath, serialPath, type RunPaths } from '../../paths.js';
import { isOn, parseProperties, quoteComma } from './option-text.js';
import type { PciSlots } from './pci.js';

/** Serial ports and the guest agent's channel, each a unix socket on the node. */
export const portArgs = (config: VmConfig, paths: RunPaths, slots: PciSlots): string[] =>
  [...serialArgs(config, paths), ...agentArgs(config, paths, slots)];

function serialArgs(config: VmConfig, paths: RunPaths): string[] {
  return [0, 1, 2, 3].flatMap((index) => {
    const value = config.values[`serial${index}`];
    if (value === undefined) return [];
    if (value !== 'socket') throw new MigrationError('InvalidInput', `build command line failed: serial${index}: ${value} is not supported`, { value });
    return [...socketArgs(`serial${index}`, serialPath(paths, config.vmid, index)), '-device', `isa-serial,chardev=serial${index},index=${index}`];
  });
}

function agentArgs(config: VmConfig, paths: RunPaths, slots: PciSlots): string[] {
  const options = parseProperties(config.values['agent'] ?? '', 'enabled');
  if (!isOn(options['enabled'])) return [];
  const socket = socketArgs('qga0', agentPath(paths, config.vmid));
  return options['type'] === 'isa'
    ? [...socket, '-device', 'isa-serial,chardev=qga0']
    : [...socket, '-device', `virtio-serial-pci,id=qga0${slots.place('agent')}`, '-device', 'virtserialport,chardev=qga0,name=org.qemu.guest_agent.0'];
}

const socketArgs = (id: string, path: string): string[] => ['-chardev', `socket,id=${id},path=${quoteComma(path)},server=on,wait=off`];
