import { connect } from 'node:net';

/** `speaks`: a program on the host said something. `refuses`: its kernel did, in a program's stead. `silent`: neither. */
export interface SshdAnswer {
  readonly kind: 'speaks' | 'refuses' | 'silent';
  readonly detail: string;
}

/**
 * Whether an ssh server still speaks at this address. A connection that is taken is no answer: the kernel of a host whose
 * programs all hang does that too, so the server's first line (RFC 4253, 4.2) is waited for. Never rejects.
 */
export function askSshd(host: string, port: number, timeoutMs: number): Promise<SshdAnswer> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    let taken = false;
    const end = (kind: SshdAnswer['kind'], detail: string): void => {
      clearTimeout(timer);
      socket.removeAllListeners().on('error', () => undefined).destroy();
      resolve({ kind, detail });
    };
    const timer = setTimeout(() => end('silent', taken ? `took the connection, but nobody spoke within ${timeoutMs} ms` : `no answer within ${timeoutMs} ms`), timeoutMs);
    socket.once('connect', () => { taken = true; });
    socket.once('data', (data: Buffer) => end('speaks', `answered ${JSON.stringify(data.toString('latin1', 0, 40).trim())}`));
    socket.once('end', () => end('refuses', 'closed the connection'));
    socket.once('error', (error: NodeJS.ErrnoException) => {
      const reset = error.code === 'ECONNREFUSED' || error.code === 'ECONNRESET';
      end(reset ? 'refuses' : 'silent', reset ? 'refused the connection' : error.message);
    });
  });
}
