import { createServer } from 'node:net';
import { MigrationError } from '../../../domain/errors.js';
import type { DiskExport } from '../../../domain/contracts/activities.js';
import type { Endpoint } from '../../../domain/contracts/endpoint.js';
import type { LivePlan } from '../../../domain/contracts/plan.js';
import type { QemuAddress } from '../qmp/address.js';
import type { ListenOn } from '../../transport/listen-spec.js';
import { TLS_CREDS_ID } from '../migration/settings.js';
import type { Monitor } from '../qmp/monitor.js';

/** Lets QEMU wait for its RAM stream. Returns where it really listens. */
export function listenForRam(monitor: Monitor, on: ListenOn): Promise<Endpoint> {
  return bindFirst(on, (address) => monitor.migrateIncoming(address));
}

/** Starts QEMU's NBD server and offers each disk, writable, under its drive's name. */
export async function listenForNbd(monitor: Monitor, on: ListenOn, exports: readonly DiskExport[], plan: LivePlan): Promise<Endpoint> {
  const tls = plan.transport.type === 'tls' ? { tlsCreds: TLS_CREDS_ID } : {};
  const endpoint = await bindFirst(on, (address) => monitor.nbdServerStart(address, tls));
  for (const disk of exports) {
    await monitor.blockExportAdd({ id: `export-${disk.drive}`, nodeName: `drive-${disk.drive}`, exportName: disk.exportName, writable: true });
  }
  return endpoint;
}

/**
 * The first port of the range that binds is ours. A port is tried by us first: QEMU 10.0 can't listen for a stream again
 * after a failed attempt. One that is lost in between fails the reservation, and its retry takes the next.
 */
async function bindFirst(on: ListenOn, bind: (address: QemuAddress) => Promise<unknown>): Promise<Endpoint> {
  if (on.kind === 'unix') {
    await bind({ type: 'unix', path: on.path });
    return { kind: 'unix', path: on.path };
  }
  for (let port = on.firstPort; port <= on.lastPort; port += 1) {
    if (!(await isFree(on.host, port))) continue;
    await bind({ type: 'inet', host: on.host, port: String(port) });
    return { kind: 'tcp', host: on.host, port };
  }
  throw new MigrationError('TransportFailed', `listen failed: ${on.host}: every port from ${on.firstPort} to ${on.lastPort} is in use`);
}

function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(false);
      else reject(new MigrationError('TransportFailed', `listen failed: ${host}:${port}: ${error.message}`));
    });
    server.listen({ host, port }, () => server.close(() => resolve(true)));
  });
}
