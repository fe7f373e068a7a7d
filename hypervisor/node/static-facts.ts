import { constants } from 'node:fs';
import { access, readFile, stat } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { NodeFacts } from '../../domain/contracts/facts.js';
import { MigrationError } from '../../domain/errors.js';
import { kvmWorks } from './kvm-probe.js';
import { askQemu, type QemuFacts } from './qemu-probe.js';

/** What does not change until QEMU is upgraded. */
export type StaticFacts = QemuFacts & Pick<NodeFacts, 'cpuVendor' | 'cpuFlags' | 'kvmUsable'>;

/**
 * Asks once per installed QEMU, then from memory: a new file is asked again. The first time takes a fifth of a second.
 * Throws `Internal` when QEMU can't be asked; that is not remembered.
 */
export const qemuFacts = perBinary((path) => askQemu(path));

/** As `qemuFacts`, with the CPU and KVM's probe: the first time takes 3 s where KVM hangs, so an agent asks early and does not wait. */
export const staticFacts = perBinary(async (path, runDir: string): Promise<StaticFacts> => {
  const [qemu, kvmUsable, cpu] = await Promise.all([qemuFacts(path), kvmWorks(path, runDir), readCpu()]);
  return { ...qemu, ...cpu, kvmUsable };
});

function perBinary<T, A extends readonly unknown[]>(gather: (path: string, ...more: A) => Promise<T>): (qemuBinary: string, ...more: A) => Promise<T> {
  const known = new Map<string, Promise<T>>();
  return async (qemuBinary, ...more) => {
    const path = await locate(qemuBinary);
    const { mtimeMs, ino } = await stat(path);
    const key = `${path} ${mtimeMs} ${ino}`;
    const facts = known.get(key) ?? gather(path, ...more);
    known.set(key, facts);
    facts.catch(() => known.delete(key));
    return facts;
  };
}

async function readCpu(): Promise<Pick<StaticFacts, 'cpuVendor' | 'cpuFlags'>> {
  const text = await readFile('/proc/cpuinfo', 'utf8');
  const field = (name: string): string => new RegExp(`^${name}\\s*: (.*)$`, 'm').exec(text)?.[1]?.trim() ?? '';
  return { cpuVendor: field('vendor_id'), cpuFlags: field('flags').split(' ').filter((flag) => flag !== '') };
}

async function locate(program: string): Promise<string> {
  const candidates = program.includes('/') ? [program] : (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, program));
  for (const candidate of candidates) if (await access(candidate, constants.X_OK).then(() => true, () => false)) return candidate;
  throw new MigrationError('Internal', `ask QEMU failed: ${program}: no such program`, { program });
}
