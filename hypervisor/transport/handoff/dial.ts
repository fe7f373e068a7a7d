import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { MigrationError, messageOf } from '../../../domain/errors.js';
import { PSK_IDENTITY, TLS_OPTIONS } from './secret.js';

export interface TcpAddress {
  readonly host: string;
  readonly port: number;
}

const DIAL_TIMEOUT_MS = 2500;

/** Throws `TransportFailed`, at the latest after 2.5 s, as the others do. */
export const dialTcp = ({ host, port }: TcpAddress): Promise<Duplex> =>
  established(connect({ host, port, noDelay: true }), 'connect', `${host}:${port}`);

/** TLS with `pskHex` as pre-shared key; a server that does not know it is refused. */
export const dialTls = ({ host, port }: TcpAddress, pskHex: string): Promise<Duplex> =>
  established(connectTls({
    ...TLS_OPTIONS,
    host,
    port,
    pskCallback: () => ({ psk: Buffer.from(pskHex, 'hex'), identity: PSK_IDENTITY }),
    // There is no certificate: the key is the identity.
    checkServerIdentity: () => undefined,
  }).setNoDelay(true), 'secureConnect', `${host}:${port}`);

export const dialUnix = (path: string): Promise<Duplex> => established(connect(path), 'connect', path);

function established<T extends Socket>(socket: T, event: 'connect' | 'secureConnect', name: string): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const fail = (error: unknown): void => {
      socket.on('error', () => undefined).destroy();
      clearTimeout(timer);
      reject(new MigrationError('TransportFailed', `connect failed: ${name}: ${messageOf(error)}`, {}, error));
    };
    const timer = setTimeout(() => fail(new Error(`no answer within ${DIAL_TIMEOUT_MS} ms`)), DIAL_TIMEOUT_MS);
    socket.once('error', fail);
    socket.once(event, () => {
      clearTimeout(timer);
      socket.off('error', fail);
      resolve(socket);
    });
  });
}
