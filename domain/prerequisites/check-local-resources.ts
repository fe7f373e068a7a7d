import type { Refusal } from '../contracts/plan.js';
import { localResources } from '../guest/local-resources.js';
import type { CheckContext } from './context.js';
import { refuse } from './refuse.js';
import { isOlder } from './versions.js';

/** Devices that exist on one node only, and firmware state this version does not copy. */
export function checkLocalResources(context: CheckContext): readonly Refusal[] {
  return [...checkDevices(context), ...checkLiveOnly(context), ...checkFirmwareState(context), ...checkBlockers(context)];
}

function checkDevices({ vm, request }: CheckContext): Refusal[] {
  if (vm === null) return [];
  const { local, mapped } = localResources(vm.config);
  const force = request.force ? '; --force does not help: QEMU itself refuses to move them while the guest runs' : '';
  const refusals: Refusal[] = [];
  if (local.length > 0) {
    const sentence = `can't migrate VM which uses local devices: ${local.join(', ')}${force}`;
    refusals.push(refuse('local-devices', sentence, `remove them (qm set ${request.vmid} --delete ${local[0]}), or move the VM stopped`));
  }
  if (mapped.length > 0) {
    const sentence = `can't live migrate running VM which uses following mapped devices: ${mapped.join(', ')}`;
    refusals.push(refuse('mapped-devices', sentence, `remove them (qm set ${request.vmid} --delete ${mapped[0]}), or move the VM stopped`));
  }
  return refusals;
}

/** What moves while the guest is stopped, but not while it runs. */
function checkLiveOnly({ vm, source, request: { vmid } }: CheckContext): Refusal[] {
  const values = vm?.config.values ?? {};
  const refusals = ['amd-sev', 'intel-tdx']
    .filter((key) => values[key] !== undefined)
    .map((key) => refuse('encrypted-memory', `can't migrate VM which uses local devices: ${key}: the guest's memory is encrypted for this host`, 'move the VM stopped'));
  const machineVersion = /-(\d+\.\d+)/.exec(source?.guest.machine ?? '')?.[1];
  if (/(^|,)clipboard=vnc(,|$)/.test(values['vga'] ?? '') && machineVersion !== undefined && isOlder(machineVersion, '10.1')) {
    const sentence = "VMs with 'clipboard' set to 'vnc' are not live migratable with QEMU/machine versions older than 10.1!";
    refusals.push(refuse('clipboard-vnc', sentence, `switch it off and restart the VM: qm set ${vmid} --vga std`));
  }
  return refusals;
}

function checkFirmwareState({ vm, request: { vmid, target } }: CheckContext): Refusal[] {
  const present = ['efidisk0', 'tpmstate0'].filter((key) => vm?.config.values[key] !== undefined);
  if (vm?.config.values['bios'] === 'ovmf') present.unshift('bios: ovmf');
  if (vm === null || present.length === 0) return [];
  const sentence = `VM ${vmid} has ${present.join(', ')}; this version moves VMs with SeaBIOS and without TPM`;
  return [refuse('firmware-not-supported', sentence, `with PVE's tools, on ${vm.node}: qm migrate ${vmid} ${target} --online`)];
}

/** What QEMU itself would answer to the migrate command. */
function checkBlockers({ source, vm }: CheckContext): Refusal[] {
  return (source?.guest.migrationBlockers ?? []).map((blocker) =>
    refuse('qemu-migration-blocker', `QEMU on ${vm?.node ?? 'the source'} blocks the migration: ${blocker}`, 'remove the device or end the job QEMU names'),
  );
}
