import type { Refusal } from '../contracts/plan.js';
import type { CheckContext } from './context.js';
import { isLive } from './context.js';
import { isOlder } from './versions.js';
import { refuse } from './refuse.js';

/** QEMU loses dirty pages under TCG before this version (fixed upstream in 9.0: physmem, dirty bitmap coherency with TCG). */
const FIRST_SAFE_TCG_QEMU = '9.0.0';

/** Same or newer on the target: QEMU, machine type, this engine. */
export function checkVersions(context: CheckContext): readonly Refusal[] {
  if (context.source === null || context.target === null || !isLive(context)) return [];
  return [...checkQemu(context), ...checkMachine(context), ...checkTcg(context), ...checkEngine(context)];
}

/** The version the guest's QEMU was started with, which may be older than what is installed now. */
const runningQemu = ({ source }: CheckContext): string => source?.guest.qemuVersion ?? source?.qemuVersion ?? '0';

function checkQemu(context: CheckContext): Refusal[] {
  const { target } = context;
  const running = runningQemu(context);
  if (target === null || !isOlder(target.qemuVersion, running)) return [];
  const sentence = `QEMU ${target.qemuVersion} on node '${target.node}' is older than the QEMU ${running} that the guest runs in`;
  return [refuse('qemu-too-old', sentence, `upgrade QEMU on ${target.node}`)];
}

function checkMachine({ source, target, request: { vmid } }: CheckContext): Refusal[] {
  const machine = source?.guest.machine ?? null;
  if (machine === null) {
    const sentence = `the machine type VM ${vmid} runs with is unknown: its QEMU did not say`;
    return [refuse('machine-unknown', sentence, `look at its QEMU: qm status ${vmid} --verbose`)];
  }
  if (target === null || target.machineTypes.includes(machine)) return [];
  const sentence = `Installed QEMU version '${target.qemuVersion}' is too old to run machine type '${machine}', please upgrade node '${target.node}'`;
  return [refuse('machine-type-unknown', sentence, `upgrade QEMU on ${target.node}, or restart the VM with an older machine type`)];
}

function checkTcg(context: CheckContext): Refusal[] {
  const { source, target } = context;
  if (source === null || target === null || source.guest.accelerator !== 'tcg') return [];
  const sides = [
    { node: source.node, version: runningQemu(context) },
    { node: target.node, version: target.qemuVersion },
  ];
  const old = sides.filter(({ version }) => isOlder(version, FIRST_SAFE_TCG_QEMU));
  return old.map(({ node, version }) => {
    const sentence = `the guest runs without KVM (TCG), and QEMU ${version} on node '${node}' loses dirty memory pages under TCG: the copy would be corrupt`;
    return refuse('tcg-loses-memory', sentence, `use QEMU 9.0 or newer on ${node} (restart the VM in it), or run the guest with KVM`);
  });
}

function checkEngine({ source, target }: CheckContext): Refusal[] {
  if (source === null || target === null || !isOlder(target.engineVersion, source.engineVersion)) return [];
  const sentence = `ferry ${target.engineVersion} on node '${target.node}' is older than ferry ${source.engineVersion} on node '${source.node}'`;
  return [refuse('engine-too-old', sentence, `upgrade ferry on ${target.node}`)];
}
