import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { askSshd, type SshdAnswer } from '../../../../hypervisor/transport/ssh/ask-sshd.js';

const servers: { server: Server; sockets: Set<Socket> }[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map(({ server, sockets }) => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  }));
});

async function listen(onSocket: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined));
    onSocket(socket);
  });
  servers.push({ server, sockets });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

describe('askSshd', () => {
  it.each<[string, (socket: Socket) => void, SshdAnswer['kind'], RegExp]>([
    ['an ssh server speaks', (socket) => void socket.write('SSH-2.0-OpenSSH_9.2p1 Debian\r\n'), 'speaks', /^answered "SSH-2\.0-OpenSSH/],
    ['so does anybody else who says a word', (socket) => void socket.write('hello'), 'speaks', /hello/],
    ['a server that takes the connection and says nothing is silent: a hung host does that', () => undefined, 'silent', /^took the connection, but nobody spoke within 300 ms$/],
    ['a server that hangs up refuses', (socket) => void socket.end(), 'refuses', /closed/],
    ['a server that resets refuses', (socket) => void socket.resetAndDestroy(), 'refuses', /closed|refused/],
  ])('%s', async (_what, behave, kind, detail) => {
    expect(await askSshd('127.0.0.1', await listen(behave), 300)).toEqual({ kind, detail: expect.stringMatching(detail) as string });
  });

  it('a port where nobody listens refuses', async () => {
    const port = await listen(() => undefined);
    await new Promise((resolve) => servers.pop()?.server.close(resolve));
    expect(await askSshd('127.0.0.1', port, 2000)).toEqual({ kind: 'refuses', detail: 'refused the connection' });
  });

  it('a name that is no host is silent', async () => {
    expect((await askSshd('no-such-host.invalid', 22, 5000)).kind).toBe('silent');
  });
});
