import type { Duplex } from 'node:stream';
import { join } from 'node:path';
import { MigrationError } from '../../domain/errors.js';
import type { TargetEndpoints } from '../../domain/contracts/activities.js';
import type { Endpoint } from '../../domain/contracts/endpoint.js';
import type { EpochRef } from '../../domain/ids.js';
import type { LivePlan, MigrationPlan } from '../../domain/contracts/plan.js';
import { createHandoffClient, type HandoffClient } from './handoff/client.js';
import { dialTcp, dialTls } from './handoff/dial.js';
import { makeRunPath, runPath, socketPath } from './listen-spec.js';
import { connectSsh, type SshConnection } from './ssh/ssh-client.js';
import type { SshTarget } from './ssh/ssh-target.js';
import { adoptTunnel, openSshTunnel, type Tunnel } from './ssh/ssh-tunnel.js';
import type { TunnelRecord } from './ssh/tunnel-record.js';

export type { TunnelRecord };

/** Where QEMU connects to, in QMP's shape. */
export type SocketAddress =
  | { readonly type: 'unix'; readonly path: string }
  | { readonly type: 'inet'; readonly host: string; readonly port: string };

/** How this node logs in to others; the rest comes from the plan. */
export type SshConfig = Omit<SshTarget, 'host' | 'hostName'>;

/** What any way to the target is made from. */
export interface WayOptions {
  readonly plan: MigrationPlan;
  readonly ref: EpochRef;
  readonly runDir: string;
  readonly sshConfig: SshConfig;
  /** Hex; null only with `secure`. */
  readonly secret: string | null;
  /** Opened before by `prepareSsh`: it is the channels' from now on. */
  readonly sshConnection?: SshConnection | undefined;
}

export interface ChannelsOptions extends WayOptions {
  readonly plan: LivePlan;
  readonly endpoints: TargetEndpoints;
}

/** The source's ways to the target, for one migration. */
export interface Channels {
  readonly ram: SocketAddress;
  readonly nbd: SocketAddress | null;
  readonly handoff: HandoffClient;
  /** For the journal; null when QEMU connects directly. */
  readonly tunnel: TunnelRecord | null;
  /** RAM and NBD can't pass any more (the tunnel has ended); returns its unsubscribe. A lost handoff heals by itself. */
  onBroken(fn: (cause: MigrationError) => void): () => void;
  /** Lets go of everything in this process; a tunnel and what passes through it live on. */
  detach(): Promise<void>;
  /** Closes everything. */
  close(): Promise<void>;
}

/** The ssh connection of the handoff; it needs no endpoints, so it can be made early. Throws `TransportFailed`. */
export const prepareSsh = (plan: MigrationPlan, sshConfig: SshConfig): Promise<SshConnection> => connectSsh(sshTarget(plan, sshConfig));

/** Opens the ways, finding a tunnel of this epoch that is already there. Throws `TransportFailed`. */
export async function openChannels(options: ChannelsOptions): Promise<Channels> {
  if (options.plan.transport.type !== 'secure') return direct(options);
  const { ram, nbd } = options.endpoints;
  return tunnelled(options, () => openTunnel(options, { ram, ...(nbd === null ? {} : { nbd }) }));
}

/**
 * The tunnel before the target has said where it listens: both nodes usually keep the same run directory, and `openChannels`
 * takes this tunnel if that proves right, or replaces it. Throws `TransportFailed`.
 */
export async function openTunnelEarly(options: TunnelEnds, names: readonly string[]): Promise<void> {
  const at = (name: string): Endpoint => ({ kind: 'unix', path: socketPath(runPath(options.runDir, options.ref), name) });
  const tunnel = await openTunnel(options, Object.fromEntries(names.map((name) => [name, at(name)])));
  tunnel.detach();
}

export type TunnelEnds = Pick<WayOptions, 'plan' | 'ref' | 'runDir' | 'sshConfig'>;

/** One ssh child for all these sockets of the target; here each is `to-<name>.sock`. One that is there already is taken. */
export async function openTunnel(options: TunnelEnds, ends: Readonly<Record<string, Endpoint>>): Promise<Tunnel> {
  const dir = await makeRunPath(options.runDir, options.ref);
  return openSshTunnel({
    ...sshTarget(options.plan, options.sshConfig),
    forwards: Object.entries(ends).map(([name, endpoint]) => ({ localPath: socketPath(dir, `to-${name}`), remotePath: unixPath(endpoint) })),
    pidRecord: join(dir, 'tunnel.json'),
  });
}

/**
 * For an agent that restarted: the same ways again, with the journaled tunnel. If that has ended, `onBroken` tells at
 * once; the handoff works all the same, so that a finished guest can still be handed over.
 */
export async function adoptChannels(options: ChannelsOptions, record: TunnelRecord | null): Promise<Channels> {
  return record === null ? direct(options) : tunnelled(options, () => Promise.resolve(adoptTunnel(record)));
}

/** The handoff arms itself while ssh still connects for the tunnel. */
async function tunnelled(options: ChannelsOptions, openTunnel: () => Promise<Tunnel>): Promise<Channels> {
  const ssh = keptSsh(options);
  const handoff = createHandoffClient({ ...options.ref, secret: null, dial: () => ssh.dial(unixPath(options.endpoints.handoff)) });
  const detach = async (): Promise<void> => {
    const closed = handoff.close();
    ssh.close();
    await closed;
  };
  try {
    return withTunnel(await openTunnel(), handoff, detach);
  } catch (error) {
    await detach();
    throw error;
  }
}

function withTunnel(tunnel: Tunnel, handoff: HandoffClient, detach: () => Promise<void>): Channels {
  const [ram, nbd] = tunnel.record.forwards;
  if (ram === undefined) throw new MigrationError('Internal', `use tunnel failed: pid ${tunnel.record.pid}: it forwards nothing`);
  return {
    ram: { type: 'unix', path: ram.localPath },
    nbd: nbd === undefined ? null : { type: 'unix', path: nbd.localPath },
    handoff,
    tunnel: tunnel.record,
    onBroken: tunnel.onExit,
    async detach() {
      tunnel.detach();
      await detach();
    },
    async close() {
      await detach();
      await tunnel.close();
    },
  };
}

function direct({ plan, ref, endpoints, secret }: ChannelsOptions): Channels {
  if (secret === null) throw new MigrationError('Internal', `open channels failed: VM ${ref.vmid}: ${plan.transport.type} without a secret`);
  const tls = plan.transport.type === 'tls';
  const at = tcpAddress(endpoints.handoff);
  const handoff = createHandoffClient({ ...ref, secret: tls ? null : secret, dial: () => (tls ? dialTls(at, secret) : dialTcp(at)) });
  return {
    ram: inet(endpoints.ram),
    nbd: endpoints.nbd === null ? null : inet(endpoints.nbd),
    handoff,
    tunnel: null,
    onBroken: () => () => undefined,
    detach: () => handoff.close(),
    close: () => handoff.close(),
  };
}

/** One ssh connection for all dials, made anew when it is gone. */
export function keptSsh({ plan, sshConfig, sshConnection }: Pick<WayOptions, 'plan' | 'sshConfig' | 'sshConnection'>): { dial(path: string): Promise<Duplex>; close(): void } {
  let current = sshConnection;
  let closed = false;
  return {
    async dial(path) {
      if (current === undefined || current.closed) {
        const fresh = await prepareSsh(plan, sshConfig);
        if (closed) fresh.close();
        current = fresh;
      }
      return current.forwardToUnix(path);
    },
    close() {
      closed = true;
      current?.close();
    },
  };
}

const sshTarget = (plan: MigrationPlan, config: SshConfig): SshTarget => ({ ...config, host: plan.transport.targetAddress, hostName: plan.target });

const inet = (endpoint: Endpoint): SocketAddress => {
  const { host, port } = tcpAddress(endpoint);
  return { type: 'inet', host, port: String(port) };
};

export function tcpAddress(endpoint: Endpoint): { host: string; port: number } {
  if (endpoint.kind === 'tcp') return endpoint;
  throw new MigrationError('Internal', `connect failed: ${endpoint.path}: a socket of the target is reached by ssh only`);
}

export function unixPath(endpoint: Endpoint): string {
  if (endpoint.kind === 'unix') return endpoint.path;
  throw new MigrationError('Internal', `connect failed: ${endpoint.host}:${endpoint.port}: the transport is secure, the target listens in clear`);
}
