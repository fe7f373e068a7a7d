import type { StorageConfig } from '../cluster/storage-config.js';
import type { GuestNeeds } from '../contracts/evacuation.js';
import type { Refusal } from '../contracts/plan.js';
import type { CtConfig } from '../guest/ct-config.js';
import { localResources } from '../guest/local-resources.js';
import { splitList } from '../guest/property-string.js';
import type { VmConfig } from '../guest/vm-config.js';
import type { NodeName, Volid } from '../ids.js';
import { refuse } from '../prerequisites/refuse.js';
import { MIB } from '../units.js';
import { volumeNeeds } from './volume-needs.js';

export interface ConfiguredGuest {
  readonly node: NodeName;
  readonly running: boolean;
  readonly guest: { readonly kind: 'qemu'; readonly config: VmConfig } | { readonly kind: 'lxc'; readonly config: CtConfig };
  /** What of the config could not be parsed. */
  readonly problems: readonly string[];
}

/** What a guest needs of a node, by its config; `measured`: sizes of volumes that the config does not tell. */
export function guestNeeds(configured: ConfiguredGuest, storages: readonly StorageConfig[], measured: Readonly<Record<Volid, number>> = {}): GuestNeeds {
  const { node, running, guest: { kind, config } } = configured;
  const volumes = volumeNeeds(config, kind, storages, measured);
  const bridges = [...new Set(config.nets.flatMap(({ bridge }) => (bridge === null ? [] : [bridge])))];
  return {
    vmid: config.vmid, kind, node, running, bridges, template: config.template, memoryBytes: config.memoryMiB * MIB,
    name: 'hostname' in config ? config.hostname : config.name,
    cores: 'sockets' in config ? config.sockets * config.cores : (config.cores ?? 0),
    tags: splitList(config.values['tags'] ?? ''),
    storages: volumes.storages,
    ...(volumes.unsized.length === 0 ? {} : { unsized: volumes.unsized }),
    blockers: [...checkConfig(configured), ...(configured.guest.kind === 'qemu' ? checkDevices(configured.guest.config) : checkMounts(configured.guest.config)), ...volumes.blockers],
    ...(configured.guest.kind === 'lxc' ? { cpuModel: null } : {
      cpuModel: configured.guest.config.cpu, kvm: configured.guest.config.kvm, liveBlockers: [...checkLive(configured.guest.config), ...volumes.liveBlockers],
    }),
  };
}

function checkConfig({ guest: { kind, config }, node, problems }: ConfiguredGuest): Refusal[] {
  const { vmid, lock } = config;
  const [name, tool, folder] = kind === 'qemu' ? [`vm ${vmid}`, 'qm', 'qemu-server'] : [`ct ${vmid}`, 'pct', 'lxc'];
  return [
    ...(problems.length === 0 ? [] : [refuse('config-invalid', `the config of ${name} can't be read: ${problems.join('; ')}`, `correct nodes/${node}/${folder}/${vmid}.conf`)]),
    ...(lock === null ? [] : [refuse('guest-locked', `${name} is locked (${lock})`, `wait for the ${lock} to end; when it is certain that it has ended: ${tool} unlock ${vmid}`)]),
  ];
}

function checkDevices(config: VmConfig): Refusal[] {
  const { local } = localResources(config);
  if (local.length === 0) return [];
  return [refuse('local-devices', `vm ${config.vmid} uses devices of its node: ${local.join(', ')}`, `remove them (qm set ${config.vmid} --delete ${local[0]}), or shut it down and leave it`)];
}

/** What a stopped VM does not mind. */
function checkLive(config: VmConfig): Refusal[] {
  const { vmid, values } = config;
  const { mapped } = localResources(config);
  const firmware = [...(values['bios'] === 'ovmf' ? ['bios: ovmf'] : []), ...['efidisk0', 'tpmstate0'].filter((key) => values[key] !== undefined)];
  const encrypted = ['amd-sev', 'intel-tdx'].filter((key) => values[key] !== undefined);
  return [
    ...(mapped.length === 0 ? [] : [refuse('mapped-devices', `vm ${vmid} uses mapped devices (${mapped.join(', ')}), which can't move while it runs`, `remove them: qm set ${vmid} --delete ${mapped[0]}`)]),
    ...(firmware.length === 0 ? [] : [refuse('firmware-not-supported', `vm ${vmid} has ${firmware.join(', ')}, which this version does not move while it runs`, 'stop it first')]),
    ...(encrypted.length === 0 ? [] : [refuse('encrypted-memory', `the memory of vm ${vmid} is encrypted for its node (${encrypted.join(', ')})`, 'stop it first')]),
  ];
}

function checkMounts({ vmid, mountPoints }: CtConfig): Refusal[] {
  return mountPoints.filter(({ kind, shared }) => kind !== 'volume' && !shared).map(({ name, kind, source }) =>
    refuse('local-mount-point', `ct ${vmid} has ${kind} mount point ${name} of its node (${source})`, `remove it, or add shared=1 if it is the same on every node: pct set ${vmid} --${name} ${source},…,shared=1`));
}
