import { z } from 'zod';
import type { SlotsConfig } from '../admission/limits.js';
import type { DeclaredLink } from '../contracts/slots.js';
import { MigrationError } from '../errors.js';
import { describeIssues } from './describe-issues.js';
import { fenceSchema, type FenceConfig } from './fence-config.js';
import { hooksSchema, type HookConfig } from './hook-config.js';
import { absolutePath, nodeName, text, wholeNumber } from './fields.js';
import { SLOT_KEYS, linksSchema, slotsSchema } from './slots-config.js';

/** Configuration of the daemons, complete. */
export interface FerryConfig {
  /** This node's name in the cluster; a control worker needs none. */
  readonly node?: string;
  readonly pveRoot: string;
  readonly stateDir: string;
  readonly runDir: string;
  readonly qemuRunDir: string;
  /** LXC's own directory; part of the name by which a running container is asked. */
  readonly lxcPath: string;
  readonly lxcRunDir: string;
  readonly qemuBinary: string;
  readonly qemuImg: string;
  readonly ssh: SshConfig;
  /** TCP ports for incoming streams, both ends included. */
  readonly portRange: { readonly first: number; readonly last: number };
  /** By node name; empty: ferry powers nobody off. Only the control workers use it. */
  readonly fence: Readonly<Record<string, FenceConfig>>;
  /** Maintenance commands of this node by name: what `ferry roll --hook <name>` runs. */
  readonly hooks: Readonly<Record<string, HookConfig>>;
  /** What this node gives to its guests at most, as evacuations count it, MiB; absent: whatever is free. */
  readonly guestMemoryMiB?: number;
  /** How many migrations at once; only the control workers use it. */
  readonly slots: SlotsConfig;
  /** Network paths with a budget of their own, by name. */
  readonly links: Readonly<Record<string, DeclaredLink>>;
  /** How often an agent looks for what closed workflows left on its node; 0: only when it starts and when asked. */
  readonly reconcileIntervalSeconds: number;
}

export interface SshConfig {
  readonly identityFile: string;
  /** Host keys by node name; default `<pveRoot>/priv/known_hosts`. */
  readonly knownHostsFile: string;
  readonly user: string;
  readonly port: number;
}

/** Parses the JSON of the daemons' configuration file. Throws `InvalidInput` with one sentence that names every problem. */
export function parseFerryConfig(raw: unknown): FerryConfig {
  const parsed = configSchema.safeParse(raw);
  if (!parsed.success) {
    const problems = describeIssues(parsed.error.issues, raw, KEYS);
    throw new MigrationError('InvalidInput', `read configuration failed: ${problems.join('; ')}`, { problems });
  }
  const { node, ssh, guestMemoryMiB, ...rest } = parsed.data;
  return {
    ...rest,
    ssh: { ...ssh, knownHostsFile: ssh.knownHostsFile ?? `${rest.pveRoot}/priv/known_hosts` },
    ...(node === undefined ? {} : { node }),
    ...(guestMemoryMiB === undefined ? {} : { guestMemoryMiB }),
  };
}

const port = wholeNumber(1, 65_535);
const program = text('a program name or path', /^\S+$/);

const sshSchema = z.strictObject({
  identityFile: absolutePath.default('/root/.ssh/id_rsa'),
  knownHostsFile: absolutePath.optional(),
  user: text('a user name', /^[a-z_][a-z0-9_.-]*\$?$/i).default('root'),
  port: port.default(22),
}, { error: 'expected an object' });

const portRangeSchema = z.strictObject({ first: port.default(60_000), last: port.default(60_049) }, { error: 'expected an object' })
  .refine(({ first, last }) => first <= last, { error: 'expected first ≤ last' });

const configSchema = z.strictObject({
  node: nodeName.optional(),
  pveRoot: absolutePath.default('/etc/pve'),
  stateDir: absolutePath.default('/var/lib/ferry'),
  runDir: absolutePath.default('/run/ferry'),
  qemuRunDir: absolutePath.default('/run/qemu-server'),
  lxcPath: absolutePath.default('/var/lib/lxc'),
  lxcRunDir: absolutePath.default('/run/ferry-lxc'),
  qemuBinary: program.default('qemu-system-x86_64'),
  qemuImg: program.default('qemu-img'),
  ssh: sshSchema.prefault({}),
  portRange: portRangeSchema.prefault({}),
  fence: fenceSchema.default({}),
  hooks: hooksSchema.default({}),
  guestMemoryMiB: wholeNumber(1, 1_000_000_000).optional(),
  slots: slotsSchema,
  links: linksSchema,
  reconcileIntervalSeconds: wholeNumber(0, 86_400).default(180),
}, { error: 'expected an object' });

const KEYS = [
  ...Object.keys(configSchema.shape), ...Object.keys(sshSchema.shape).map((key) => `ssh.${key}`), ...Object.keys(portRangeSchema.shape).map((key) => `portRange.${key}`),
  ...SLOT_KEYS.map((key) => `slots.${key}`),
];
