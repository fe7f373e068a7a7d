import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { MigrationError } from '../../domain/errors.js';
import { epochShort } from '../../domain/ids.js';
import type { Endpoint } from '../../domain/contracts/endpoint.js';
import type { EpochRef } from '../../domain/ids.js';
import type { MigrationPlan } from '../../domain/contracts/plan.js';

/** Where something may listen: a socket, or the first free port of a range. */
export type ListenOn =
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly firstPort: number; readonly lastPort: number };

/** The same place again: after an agent's restart the source looks for us where we were. */
export const listenAgain = (endpoint: Endpoint): ListenOn =>
  endpoint.kind === 'unix' ? endpoint : { kind: 'tcp', host: endpoint.host, firstPort: endpoint.port, lastPort: endpoint.port };

export interface ListenSpec {
  readonly ram: ListenOn;
  readonly nbd: ListenOn;
  readonly handoff: ListenOn;
}

export interface PortRange {
  readonly firstPort: number;
  readonly lastPort: number;
}

/**
 * Where the target listens: for `secure` on unix sockets in the epoch's run directory (made here), reached by ssh only;
 * else on the migration address. Throws `InvalidInput` when a socket's path would be too long.
 */
export async function listenSpec(plan: MigrationPlan, ref: EpochRef, runDir: string, ports: PortRange): Promise<ListenSpec> {
  const at = await listenAt(plan, ref, runDir, ports);
  return { ram: at('ram'), nbd: at('nbd'), handoff: at('handoff') };
}

/** As `listenSpec`, by name. */
export async function listenAt({ transport }: Pick<MigrationPlan, 'transport'>, ref: EpochRef, runDir: string, ports: PortRange): Promise<(name: string) => ListenOn> {
  const dir = await makeRunPath(runDir, ref);
  return (name) => (transport.type === 'secure' ? { kind: 'unix', path: socketPath(dir, name) } : { kind: 'tcp', host: transport.targetAddress, ...ports });
}

/** What one migration leaves in the run directory of a node, all of it. */
export const runPath = (runDir: string, { vmid, epoch }: EpochRef): string => join(runDir, `${vmid}-${epochShort(epoch)}`);

export async function makeRunPath(runDir: string, ref: EpochRef): Promise<string> {
  const dir = runPath(runDir, ref);
  await mkdir(dir, { recursive: true, mode: 0o700 });
  return dir;
}

export const clearRunPath = (runDir: string, ref: EpochRef): Promise<void> => rm(runPath(runDir, ref), { recursive: true, force: true });

/** unix(7): room in `sun_path` without its final zero. */
const MAX_SOCKET_PATH_BYTES = 107;

export function socketPath(dir: string, name: string): string {
  const path = join(dir, `${name}.sock`);
  if (Buffer.byteLength(path) > MAX_SOCKET_PATH_BYTES) {
    throw new MigrationError('InvalidInput', `make socket failed: ${path}: longer than ${MAX_SOCKET_PATH_BYTES} bytes; choose a shorter run directory`, { path });
  }
  return path;
}
