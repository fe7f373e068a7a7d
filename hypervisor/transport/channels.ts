import type { Duplex } from 'node:stream';
import { join } from 'node:path';
import { MigrationError } from '../../domain/errors.js';
import type { Endpoint, EpochRef, TargetEndpoints } from '../../domain/contracts/activities.js';
import type { MigrationPlan } from '../../domain/contracts/plan.js';
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

export interface ChannelsOptions {
  readonly plan: MigrationPlan;
  readonly ref: EpochRef;
  readonly endpoints: TargetEndpoints;
  readonly runDir: string;
  readonly sshConfig: SshConfig;
  /** Hex; null only with `secure`. */
  readonly secret: string | null;
  /** Opened before by `prepareSsh`: it is the channels' from now on. */
  readonly sshConnection?: SshConnection | undefined;
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
  return tunnelled(options, () => openTunnel(options, options.endpoints));
}

/**
 * The tunnel before the target has said where it listens: both nodes usually keep the same run directory, and `openChannels`
 * takes this tunnel if that proves right, or replaces it. Throws `TransportFailed`.
 */
export async function openTunnelEarly(options: TunnelEnds): Promise<void> {
  const at = (name: string): Endpoint => ({ kind: 'unix', path: socketPath(runPath(options.runDir, options.ref), name) });
  const tunnel = await openTunnel(options, { ram: at('ram'), nbd: options.plan.disks.length === 0 ? null : at('nbd') });
  tunnel.detach();
}

type TunnelEnds = Pick<ChannelsOptions, 'plan' | 'ref' | 'runDir' | 'sshConfig'>;

async function openTunnel(options: TunnelEnds, { ram, nbd }: Pick<TargetEndpoints, 'ram' | 'nbd'>): Promise<Tunnel> {
  const dir = await makeRunPath(options.runDir, options.ref);
  const forward = (name: string, endpoint: Endpoint): { localPath: string; remotePath: string } =>
    ({ localPath: socketPath(dir, `to-${name}`), remotePath: unixPath(endpoint) });
  return openSshTunnel({
    ...sshTarget(options.plan, options.sshConfig),
    forwards: [forward('ram', ram), ...(nbd === null ? [] : [forward('nbd', nbd)])],
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
function keptSsh({ plan, sshConfig, sshConnection }: ChannelsOptions): { dial(path: string): Promise<Duplex>; close(): void } {
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

function tcpAddress(endpoint: Endpoint): { host: string; port: number } {
  if (endpoint.kind === 'tcp') return endpoint;
  throw new MigrationError('Internal', `connect failed: ${endpoint.path}: a socket of the target is reached by ssh only`);
}

function unixPath(endpoint: Endpoint): string {
  if (endpoint.kind === 'unix') return endpoint.path;
  throw new MigrationError('Internal', `connect failed: ${endpoint.host}:${endpoint.port}: the transport is secure, the target listens in clear`);
}
