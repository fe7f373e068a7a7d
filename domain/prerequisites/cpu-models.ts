import type { VmConfig } from '../guest/vm-config.js';

/**
 * PVE's own models, not known to QEMU by these names: `qemu64` plus flags (qemu-server, `PVE/QemuServer/CPUConfig.pm`). Flags
 * as the kernel spells them in /proc/cpuinfo.
 */
const V2 = ['popcnt', 'pni', 'sse4_1', 'sse4_2', 'ssse3'];
const V2_AES = [...V2, 'aes'];
const V3 = [...V2_AES, 'avx', 'avx2', 'bmi1', 'bmi2', 'f16c', 'fma', 'movbe', 'xsave'];
const V4 = [...V3, 'avx512f', 'avx512bw', 'avx512cd', 'avx512dq', 'avx512vl'];
const PVE_MODELS: ReadonlyMap<string, readonly string[]> = new Map([
  ['x86-64-v2', V2],
  ['x86-64-v2-AES', V2_AES],
  ['x86-64-v3', V3],
  ['x86-64-v4', V4],
]);

export interface CpuModel {
  readonly name: string;
  /** What QEMU calls it. */
  readonly qemuModel: string;
  /** Host flags it needs under KVM. */
  readonly flags: readonly string[];
  /** Takes over what the host's CPU is and can. */
  readonly hostLike: boolean;
}

/** `cpu: x86-64-v2-AES,flags=+aes` or `cpu: cputype=host`; null: the config names none. */
export function cpuModelOf({ cpu }: VmConfig): CpuModel | null {
  const parts = (cpu ?? '').split(',');
  const typed = parts.find((part) => part.startsWith('cputype='))?.slice('cputype='.length);
  const name = typed ?? parts.find((part) => part !== '' && !part.includes('='));
  if (name === undefined) return null;
  const flags = PVE_MODELS.get(name);
  return { name, qemuModel: flags === undefined ? name : 'qemu64', flags: flags ?? [], hostLike: name === 'host' || name === 'max' };
}
