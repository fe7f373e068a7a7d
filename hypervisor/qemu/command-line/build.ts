import { MigrationError } from '../../../domain/errors.js';
import type { VmConfig } from '../../../domain/guest/vm-config.js';
import { driveQmpPath, generalQmpPath, pidPath } from '../../paths.js';
import { bootIndexes } from './boot-order.js';
import { portArgs } from './character-devices.js';
import { cpuArgs } from './cpu.js';
import { driveArgs, sortDrives } from './drives.js';
import type { CommandLineInput } from './input.js';
import { machineOf } from './machine.js';
import { netArgs } from './net.js';
import { quoteComma } from './option-text.js';
import { PciSlots } from './pci.js';
import { smbiosArgs, smbiosUuid } from './smbios.js';
import { splitWords } from '../../../domain/split-words.js';
import { vgaArgs } from './vga.js';

/**
 * The QEMU command for a guest's config: argv, binary first. Pure and in a fixed order, with pinned PCI addresses, so
 * that two nodes make the same machine of the same config. Throws `InvalidInput` for what ferry cannot build.
 */
export function buildCommandLine(input: CommandLineInput): string[] {
  const { config, paths } = input;
  requireSeaBios(config);
  const machine = machineOf(input.machine ?? config.machine);
  const slots = new PciSlots(machine.family);
  const bootIndex = bootIndexes(config);
  const vga = vgaArgs(config, slots);
  const ports = portArgs(config, paths, slots);
  const drives = driveArgs({ ...input, drives: sortDrives(config.drives), family: machine.family, slots, bootIndex });
  const nets = netArgs(config, slots, bootIndex);
  const uuid = smbiosUuid(config);
  const argv = [
    input.binary,
    '-name', `guest=${quoteComma(config.name)},debug-threads=on`,
    ...(uuid === null ? [] : ['-uuid', uuid]),
    '-nodefaults', '-no-user-config', '-display', 'none',
    '-daemonize', '-pidfile', pidPath(paths, config.vmid),
    // `spawn` and `elevateprivileges` can't be denied: QEMU 10.0 sets the filter before `-daemonize` forks.
    '-sandbox', 'on,obsolete=deny,resourcecontrol=deny',
    ...qmpArgs('qmp', generalQmpPath(paths, config.vmid)),
    ...qmpArgs('drive-qmp', driveQmpPath(paths, config.vmid)),
    '-machine', machine.type,
    '-accel', config.kvm ? 'kvm' : 'tcg',
    ...cpuArgs(config),
    '-m', String(config.memoryMiB),
    ...smbiosArgs(config),
    '-boot', 'menu=off,strict=on',
    // Bridges first: they are known only once everything else has asked for its place.
    ...slots.bridgeArgs(), ...vga, ...ports, ...drives, ...nets,
    ...vmGenerationIdArgs(config),
    ...(input.incoming ? ['-S', '-incoming', 'defer'] : input.paused === true ? ['-S'] : []),
    ...splitWords(config.values['args'] ?? ''),
  ];
  requirePlainText(argv);
  return argv;
}

const qmpArgs = (id: string, path: string): string[] =>
  ['-chardev', `socket,id=${id},path=${quoteComma(path)},server=on,wait=off`, '-mon', `chardev=${id},mode=control`];

function vmGenerationIdArgs(config: VmConfig): string[] {
  const guid = config.values['vmgenid'];
  // 0: none; 1: PVE makes one up at creation and writes it here.
  return guid === undefined || guid === '0' || guid === '1' ? [] : ['-device', `vmgenid,guid=${quoteComma(guid)}`];
}

function requireSeaBios(config: VmConfig): void {
  const bios = config.values['bios'] ?? 'seabios';
  if (bios !== 'seabios') throw new MigrationError('InvalidInput', `build command line failed: VM ${config.vmid}: bios ${bios} is not supported`, { bios });
}

function requirePlainText(argv: readonly string[]): void {
  const bad = argv.find((arg) => /[\0\r\n]/.test(arg));
  if (bad !== undefined) throw new MigrationError('InvalidInput', `build command line failed: ${JSON.stringify(bad)}: an argument may hold no NUL or line break`);
}
