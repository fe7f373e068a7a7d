import type { NodeFacts } from '../contracts/facts.js';
import type { Refusal } from '../contracts/plan.js';
import type { CheckContext } from './context.js';
import { cpuModelOf, flagsGiven, missingFlags, type CpuModel } from './cpu-models.js';
import { refuse } from './refuse.js';

const FLAGS_SHOWN = 8;

/** The guest has to find the same CPU on the target. PVE finds out when the target's QEMU starts, or not at all. */
export function checkCpu(context: CheckContext): readonly Refusal[] {
  const { vm, source, target } = context;
  if (vm === null || source === null || target === null) return [];
  const model = cpuModelOf(vm.config);
  return [...checkAccelerator(context, target), ...(model === null ? [] : checkModel(context, model, source, target))];
}

/** KVM shows some of the host's CPU to the guest whatever the model; different makers are a risk the operator should know of. */
export function warnOfCpu(context: CheckContext): string[] {
  const { vm, source, target } = context;
  if (vm === null || source === null || target === null || !withKvm(context) || source.cpuVendor === target.cpuVendor) return [];
  if (cpuModelOf(vm.config)?.hostLike === true) return [];
  return [`CPU vendors differ: ${source.cpuVendor} on ${source.node}, ${target.cpuVendor} on ${target.node}; this works with some guests only`];
}

const withKvm = ({ vm, source }: CheckContext): boolean => (source?.guest.accelerator ?? (vm?.config.kvm === true ? 'kvm' : 'tcg')) === 'kvm';

/** The target starts by the config, so config and running guest have to agree. */
function checkAccelerator(context: CheckContext, target: NodeFacts): Refusal[] {
  const { source, vm, request: { vmid } } = context;
  const configured = vm?.config.kvm === true ? 'kvm' : 'tcg';
  const running = source?.guest.accelerator ?? null;
  const refusals: Refusal[] = [];
  if (running !== null && running !== configured) {
    const sentence = `VM ${vmid} runs with ${running}, its config says kvm: ${configured === 'kvm' ? 1 : 0}: the target would start it with ${configured}`;
    refusals.push(refuse('accelerator-differs', sentence, `restart the VM, or set back its config: qm set ${vmid} --kvm ${running === 'kvm' ? 1 : 0}`));
  }
  if ((running === 'kvm' || configured === 'kvm') && !target.kvmUsable) {
    const sentence = `the guest needs KVM, and KVM does not work on node '${target.node}'`;
    refusals.push(refuse('kvm-unusable', sentence, `enable virtualisation in ${target.node}'s firmware (or nesting), check /dev/kvm`));
  }
  return refusals;
}

function checkModel(context: CheckContext, model: CpuModel, source: NodeFacts, target: NodeFacts): Refusal[] {
  const { request: { vmid } } = context;
  if (!model.hostLike && !target.cpuModels.includes(model.qemuModel)) {
    const sentence = `CPU model '${model.name}' is not known to QEMU ${target.qemuVersion} on node '${target.node}'`;
    return [refuse('cpu-model-unknown', sentence, `restart the VM with a model known there: qm set ${vmid} --cpu x86-64-v2-AES`)];
  }
  if (!withKvm(context)) return [];
  if (model.hostLike) return checkHostModel(context, model, source, target);
  return checkFlags(model, flagsGiven(model, source.cpuFlags), target, vmid);
}

function checkHostModel({ request: { vmid } }: CheckContext, model: CpuModel, source: NodeFacts, target: NodeFacts): Refusal[] {
  if (source.cpuVendor !== target.cpuVendor) {
    const sentence = `CPU model '${model.name}' needs the same CPU on both nodes: ${source.cpuVendor} on ${source.node}, ${target.cpuVendor} on ${target.node}`;
    return [refuse('cpu-vendor-differs', sentence, `restart the VM with a common model: qm set ${vmid} --cpu x86-64-v2-AES`)];
  }
  return checkFlags(model, flagsGiven(model, source.cpuFlags), target, vmid);
}

const giver = ({ name, added }: CpuModel): string => (added.length === 0 ? `CPU model '${name}'` : `CPU model '${name}' with +${added.join(', +')}`);

function checkFlags(model: CpuModel, needed: readonly string[], target: NodeFacts, vmid: number): Refusal[] {
  const missing = missingFlags(model, needed, target.cpuFlags);
  if (missing.length === 0) return [];
  const more = missing.length > FLAGS_SHOWN ? ` and ${missing.length - FLAGS_SHOWN} more` : '';
  const sentence = `the CPU of node '${target.node}' lacks flags that ${giver(model)} gives the guest: ${missing.slice(0, FLAGS_SHOWN).join(', ')}${more}`;
  return [refuse('cpu-flags-missing', sentence, `restart the VM with a model both nodes have: qm set ${vmid} --cpu x86-64-v2`)];
}
