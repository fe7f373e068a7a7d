import { z } from 'zod';
import type { NodeFacts } from '../../domain/contracts/facts.js';
import { MigrationError } from '../../domain/errors.js';
import { run } from '../exec.js';
import { parseMessage } from '../qemu/qmp/message.js';

/** What the installed QEMU says of itself. */
export type QemuFacts = Pick<NodeFacts, 'qemuVersion' | 'machineTypes' | 'cpuModels' | 'multifd'> & {
  /** io_uring works for QEMU here (`CommandLineInput.ioUring`). */
  readonly ioUring: boolean;
};

const TIMEOUT_MS = 30_000;

/** One short-lived QEMU without a machine tells what it can. Throws `Internal` with its own words. */
export async function askQemu(binary: string): Promise<QemuFacts> {
  const commands = [
    { execute: 'qmp_capabilities' },
    { execute: 'query-version', id: ID.version },
    { execute: 'query-machines', id: ID.machines },
    { execute: 'query-cpu-definitions', id: ID.cpus },
    { execute: 'query-migrate-capabilities', id: ID.capabilities },
    // Any file will do; this one is there.
    { execute: 'blockdev-add', id: ID.ioUring, arguments: { driver: 'file', 'node-name': 'probe', filename: binary, 'read-only': true, aio: 'io_uring' } },
    { execute: 'quit' },
  ];
  const { exitCode, stdout, stderr } = await run(binary, [
    '-machine', 'none', '-accel', 'tcg', '-S', '-nodefaults', '-no-user-config', '-display', 'none', '-sandbox', 'on,obsolete=deny,resourcecontrol=deny', '-qmp', 'stdio',
  ], { input: commands.map((command) => `${JSON.stringify(command)}\n`).join(''), timeoutMs: TIMEOUT_MS });
  const answers = new Map<number, unknown>();
  for (const line of stdout.split('\n')) {
    const message = parseMessage(line, 0);
    if (message.kind === 'answer' && message.id !== null) answers.set(message.id, message.value);
  }
  const parsed = Answers.safeParse(Object.fromEntries(Object.entries(ID).map(([name, id]) => [name, answers.get(id)])));
  if (exitCode !== 0 || !parsed.success) {
    throw new MigrationError('Internal', `ask QEMU failed: ${binary}: ${stderr.trim() || parsed.error?.message || `exit ${exitCode}`}`, { binary, exitCode });
  }
  const { version, machines, cpus, capabilities, ioUring } = parsed.data;
  return {
    qemuVersion: `${version.qemu.major}.${version.qemu.minor}.${version.qemu.micro}`,
    machineTypes: machines.flatMap(({ name, alias }) => (alias === undefined ? [name] : [name, alias])),
    cpuModels: cpus.map(({ name }) => name),
    multifd: capabilities.some(({ capability }) => capability === 'multifd'),
    ioUring: ioUring !== undefined,
  };
}

const ID = { version: 1, machines: 2, cpus: 3, capabilities: 4, ioUring: 5 };

const Answers = z.object({
  version: z.object({ qemu: z.object({ major: z.number(), minor: z.number(), micro: z.number() }) }),
  machines: z.array(z.object({ name: z.string(), alias: z.string().optional() })),
  cpus: z.array(z.object({ name: z.string() })),
  capabilities: z.array(z.object({ capability: z.string() })),
  /** Absent: refused. */
  ioUring: z.unknown(),
});
