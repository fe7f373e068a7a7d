import type { Duplex } from 'node:stream';
import { MigrationError } from '../../domain/errors.js';
import type { ColdEndpoints } from '../../domain/contracts/cold.js';
import { keptSsh, openTunnel, tcpAddress, unixPath, type WayOptions } from './channels.js';
import { proveAtDoor } from './door.js';
import { createHandoffClient, type HandoffClient } from './handoff/client.js';
import { dialTcp, dialTls, dialUnix } from './handoff/dial.js';
import { makeRunPath, socketPath } from './listen-spec.js';

/** The source's ways to the target, for one cold move. */
export interface ColdWays {
  readonly handoff: HandoffClient;
  /** A new connection to the target's copy server. Throws `TransportFailed`. */
  dialCopy(): Promise<Duplex>;
  /** Lets go of everything in this process; a tunnel lives on. */
  detach(): Promise<void>;
  close(): Promise<void>;
}

/** Opens the ways, finding a tunnel of this epoch that is already there; one that has ended is made anew by the next dial. */
export async function openColdWays(options: WayOptions & { readonly endpoints: ColdEndpoints }): Promise<ColdWays> {
  return options.plan.transport.type === 'secure' ? tunnelled(options) : direct(options);
}

async function tunnelled(options: WayOptions & { readonly endpoints: ColdEndpoints }): Promise<ColdWays> {
  const { endpoints, ref, runDir } = options;
  const ssh = keptSsh(options);
  const handoff = createHandoffClient({ ...ref, secret: null, dial: () => ssh.dial(unixPath(endpoints.handoff)) });
  let closed = false;
  let opening: ReturnType<typeof openTunnel> | null = null;
  const tunnel = (): ReturnType<typeof openTunnel> => {
    if (closed) throw new MigrationError('TransportFailed', `open tunnel failed: guest ${ref.vmid}: the ways were closed`);
    opening ??= openTunnel(options, { copy: endpoints.copy }).then((opened) => {
      opened.onExit(() => { opening = null; });
      return opened;
    }).catch((error: unknown) => {
      opening = null;
      throw error;
    });
    return opening;
  };
  const letGo = async (): Promise<void> => {
    closed = true;
    const handoffClosed = handoff.close();
    ssh.close();
    await handoffClosed;
  };
  const local = socketPath(await makeRunPath(runDir, ref), 'to-copy');
  return {
    handoff,
    dialCopy: async () => {
      await tunnel();
      return dialUnix(local);
    },
    detach: async () => {
      (await opening?.catch(() => null))?.detach();
      await letGo();
    },
    close: async () => {
      await letGo();
      await (await opening?.catch(() => null))?.close();
    },
  };
}

function direct({ plan, ref, endpoints, secret }: WayOptions & { readonly endpoints: ColdEndpoints }): ColdWays {
  if (secret === null) throw new MigrationError('Internal', `open ways failed: guest ${ref.vmid}: ${plan.transport.type} without a secret`);
  const tls = plan.transport.type === 'tls';
  const [handoffAt, copyAt] = [tcpAddress(endpoints.handoff), tcpAddress(endpoints.copy)];
  const handoff = createHandoffClient({ ...ref, secret: tls ? null : secret, dial: () => (tls ? dialTls(handoffAt, secret) : dialTcp(handoffAt)) });
  const close = (): Promise<void> => handoff.close();
  return {
    handoff,
    dialCopy: async () => (tls ? dialTls(copyAt, secret) : proveAtDoor(await dialTcp(copyAt), secret)),
    detach: close,
    close,
  };
}
