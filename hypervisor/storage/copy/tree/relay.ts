import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { MigrationError, messageOf } from '../../../../domain/errors.js';

/** Where a program that rsync takes for its remote shell brings rsync's stream, and the arguments meant for the target. */
export interface Relay {
  /** For rsync's `-e`. */
  readonly remoteShell: string;
  readonly env: Readonly<Record<string, string>>;
  /** The one connection there will be. */
  accept(): Promise<{ readonly stream: Socket; readonly args: readonly string[] }>;
  /** Nothing is left of it. */
  close(): Promise<void>;
}

/**
 * rsync runs this instead of ssh: it notes its arguments and joins its own input and output with a socket. Started in 3 ms,
 * while a new login would cost a stopped container some hundred. `-t`: rsync waits for its end, and has no more to say once
 * the target's half has ended.
 */
const SCRIPT = `#!/bin/sh
printf '%s\\n' "$@" > "$FERRY_RELAY.args" && exec socat -b 262144 -t 0.02 - "UNIX-CONNECT:$FERRY_RELAY"
`;

/** `runDir` is made if it is missing, for this user alone. Throws `Internal`. */
export async function openRelay(runDir: string): Promise<Relay> {
  const name = join(runDir, `rsync-${randomBytes(4).toString('hex')}`);
  const [socketPath, script] = [`${name}.sock`, `${name}.sh`];
  try {
    await mkdir(runDir, { recursive: true, mode: 0o700 });
    await writeFile(script, SCRIPT, { mode: 0o700 });
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
    const sockets = new Set<Socket>();
    server.on('connection', (socket: Socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
    });
    const connected = once(server, 'connection');
    connected.catch(() => undefined);
    server.listen(socketPath);
    await once(server, 'listening');
    await chmod(socketPath, 0o600);
    return {
      // rsync(1), `-e`: in single quotes, one of them doubled, nothing else means anything.
      remoteShell: `'${script.replaceAll("'", "''")}'`,
      env: { FERRY_RELAY: socketPath },
      async accept() {
        const [stream] = await connected as [Socket];
        const args = (await readFile(`${socketPath}.args`, 'utf8')).split('\n').slice(0, -1);
        return { stream, args };
      },
      async close() {
        for (const socket of sockets) socket.destroy();
        server.close();
        await Promise.all([socketPath, `${socketPath}.args`, script].map((path) => rm(path, { force: true })));
      },
    };
  } catch (error) {
    throw new MigrationError('Internal', `open relay failed: ${runDir}: ${messageOf(error)}`, { runDir }, error);
  }
}
