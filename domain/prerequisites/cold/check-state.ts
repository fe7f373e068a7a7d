import type { Refusal } from '../../contracts/plan.js';
import { localResources, mappingOf } from '../../guest/local-resources.js';
import { refuse } from '../refuse.js';
import type { ColdContext } from './context.js';

/** Whether the guest may be moved in this way at all: its state, the operator's wish, what it is tied to. */
export function checkState(context: ColdContext): readonly Refusal[] {
  return context.guest.kind === 'lxc' ? [...checkContainer(context), ...checkTarget(context)] : [...checkVm(context), ...checkTarget(context)];
}

/** What is done all the same, and should be known. */
export function warnOfState({ guest, mode, request, volumes }: ColdContext): string[] {
  const warnings: string[] = [];
  if (mode === 'offline' && request.online === true) warnings.push("VM isn't running. Doing offline migration instead.");
  if (guest.kind === 'lxc' && guest.config.devices.length > 0) {
    warnings.push(`devices of the node have to be there on ${request.target} too: ${guest.config.devices.map(({ key, path }) => `${key} ${path}`).join(', ')}`);
  }
  const { local } = guest.kind === 'qemu' ? localResources(guest.config) : { local: [] };
  if (local.length > 0 && request.force) warnings.push(`migrating VM which uses local devices: ${local.join(', ')}`);
  const foreign = volumes.filter(({ storage }) => storage === null).map(({ volid }) => volid);
  return foreign.length === 0 ? warnings : [...warnings, `on no storage that is defined: ${foreign.join(', ')}`];
}

function checkContainer({ source, request: { vmid, target, online, restart, offlineShutdown } }: ColdContext): Refusal[] {
  const state = source?.guest.state ?? null;
  if (state === null || state === 'stopped') return [];
  if (state !== 'running') {
    return [refuse('guest-state-unsuitable', `CT ${vmid} is in state '${state}'`, `thaw or stop it first: pct status ${vmid}`)];
  }
  if (restart === true || offlineShutdown === true) return [];
  const how = `with --restart it is stopped, moved and started again: ferry migrate ${vmid} ${target} --restart`;
  if (online === true) {
    return [refuse('container-live', `lxc live migration is currently not implemented: running container can only be migrated in restart mode (CT ${vmid})`, how)];
  }
  return [refuse('restart-required', `can't migrate running container without --online or --restart: CT ${vmid} runs, and running container can only be migrated in restart mode`, how)];
}

function checkVm(context: ColdContext): Refusal[] {
  const { guest, source, request: { vmid, force, healthCheck } } = context;
  const refusals: Refusal[] = [];
  const state = source?.guest.state ?? null;
  if (state !== null && state !== 'stopped' && state !== 'running') {
    refusals.push(refuse('guest-state-unsuitable', `VM ${vmid} is in state '${state}', so it can't be asked to shut down`, `resume or stop it first: qm status ${vmid} --verbose`));
  }
  if (healthCheck !== undefined && healthCheck !== 'none') {
    refusals.push(refuse('health-check-unsupported', `VM ${vmid}: --health-check ${healthCheck} is asked inside a container's network, and this is a VM`, 'leave it out: the VM has to run, and QEMU to answer'));
  }
  refusals.push(...checkMappings(context));
  const { local } = guest.kind === 'qemu' ? localResources(guest.config) : { local: [] };
  if (local.length > 0 && !force) {
    refusals.push(refuse('local-devices', `can't migrate VM which uses local devices: ${local.join(', ')}`,
      `remove them (qm set ${vmid} --delete ${local[0]}), or move it all the same with --force: it will need such devices on the target`));
  }
  return refusals;
}

/** --force does not help here either: without the mapping the guest can't be started there. */
function checkMappings({ guest, cluster: { mappings }, request: { target } }: ColdContext): Refusal[] {
  if (guest.kind !== 'qemu' || mappings === undefined) return [];
  const { values } = guest.config;
  const missing = localResources(guest.config).mapped.filter((key) => mappings.find(({ id }) => id === mappingOf(values[key] ?? ''))?.nodes.includes(target) !== true);
  if (missing.length === 0) return [];
  return [refuse('mapped-devices-missing', `can't migrate to '${target}': missing mapped devices ${missing.join(', ')}`, `add ${target} to their mappings (Datacenter, Resource Mappings), or remove them`)];
}

function checkTarget({ target, guest, request: { vmid } }: ColdContext): Refusal[] {
  if (target === null || target.guest.state === 'stopped') return [];
  const name = guest.kind === 'lxc' ? 'CT' : 'VM';
  return [refuse('target-has-guest', `${name} ${vmid} already running on ${target.node}: it is ${target.guest.state} there`, `it is left over from something else: look at it on ${target.node}, then stop it`)];
}
