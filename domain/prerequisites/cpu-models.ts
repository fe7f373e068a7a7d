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
  /** Switched on (`flags=+aes`) and off (`flags=-pcid`) by the config. */
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

/** PVE's model for a config that names none. */
const DEFAULT_MODEL = 'kvm64';

/**
 * Flags the guest has from its node's CPU under KVM. Some of those a config adds (`hv-tlbflush`, `virt-ssbd`) KVM makes up by itself: only
 * those the CPU has count.
 */
export const flagsGiven = ({ hostLike, flags, added }: CpuModel, cpuFlags: readonly string[]): readonly string[] =>
  (hostLike ? cpuFlags : [...flags, ...added.filter((flag) => cpuFlags.includes(flag))]);

/** Those of them that another CPU lacks. */
export const missingFlags = ({ removed }: CpuModel, needed: readonly string[], cpuFlags: readonly string[]): string[] =>
  [...new Set(needed)].filter((flag) => !cpuFlags.includes(flag) && !removed.includes(flag));

/** `cpu: x86-64-v2-AES,flags=+aes;-pcid` or `cpu: cputype=host`; null: the config says nothing of the CPU. */
export function cpuModelOf({ cpu }: Pick<VmConfig, 'cpu'>): CpuModel | null {
  const parts = (cpu ?? '').split(',');
  const typed = parts.find((part) => part.startsWith('cputype='))?.slice('cputype='.length);
  const name = typed ?? parts.find((part) => part !== '' && !part.includes('='));
  const switched = (parts.find((part) => part.startsWith('flags='))?.slice('flags='.length) ?? '').split(';');
  const [added, removed] = [flagsAfter('+', switched), flagsAfter('-', switched)];
  if (name === undefined && added.length + removed.length === 0) return null;
  return named(name ?? DEFAULT_MODEL, added, removed);
}

function named(name: string, added: readonly string[], removed: readonly string[]): CpuModel {
  const flags = PVE_MODELS.get(name);
  return { name, qemuModel: flags === undefined ? name : 'qemu64', flags: flags ?? [], hostLike: name === 'host' || name === 'max', added, removed };
}

/** Where PVE or QEMU has another word than the kernel; the rest differs in punctuation only. */
const KERNEL_NAMES: Readonly<Record<string, string>> = { 'spec-ctrl': 'ibrs', 'amd-ssbd': 'ssbd', sse3: 'pni' };

const flagsAfter = (sign: '+' | '-', switched: readonly string[]): string[] =>
  switched.filter((flag) => flag.startsWith(sign)).map((flag) => flag.slice(1)).map((flag) => KERNEL_NAMES[flag] ?? flag.replaceAll(/[-.]/g, '_'));
