import type { VmConfig } from '../../../domain/guest/vm-config.js';
import { isOn, parseProperties } from './option-text.js';

/** Model, features and topology. PVE's default model is kvm64. */
export function cpuArgs(config: VmConfig): string[] {
  const options = parseProperties(config.cpu ?? '', 'cputype');
  const named = options['cputype'] ?? 'kvm64';
  const level = X86_64_LEVELS[named];
  // `host` is KVM's; PVE takes qemu64 where there is none.
  const model = level !== undefined || (named === 'host' && !config.kvm) ? 'qemu64' : named;
  const flags = [...(level ?? []), ...(options['flags'] ?? '').split(';').filter((flag) => /^[+-]/.test(flag))];
  const kvmOnly = config.kvm ? ['enforce', '+kvm_pv_eoi', '+kvm_pv_unhalt', ...(isOn(options['hidden']) ? ['kvm=off'] : [])] : [];
  const total = config.sockets * config.cores;
  const started = Number(config.values['vcpus'] ?? total);
  return [
    '-cpu', [model, ...kvmOnly, ...flags].join(','),
    '-smp', `${started},sockets=${config.sockets},cores=${config.cores},maxcpus=${total}`,
  ];
}

const V2 = ['+popcnt', '+pni', '+sse4.1', '+sse4.2', '+ssse3'];
const V3 = ['+aes', ...V2, '+avx', '+avx2', '+bmi1', '+bmi2', '+f16c', '+fma', '+abm', '+movbe', '+xsave'];

/** PVE's own models: qemu64 with features (PVE, CPUConfig.pm). */
const X86_64_LEVELS: Readonly<Record<string, readonly string[]>> = {
  'x86-64-v2': V2,
  'x86-64-v2-AES': ['+aes', ...V2],
  'x86-64-v3': V3,
  'x86-64-v4': [...V3, '+avx512f', '+avx512bw', '+avx512cd', '+avx512dq', '+avx512vl'],
};
