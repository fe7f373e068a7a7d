import { join } from 'node:path';
import { type Layout, RELAY_ADDRESS } from './layout.js';
import { inNamespace } from './network.js';
import { baseEnvironment } from './node-files.js';
import { runningPid, startRecorded, stopRecorded } from './processes.js';
import { run, until } from './run.js';

/** Dead peers are noticed within 5 + 3 × 2 seconds: a node that lost its power never says good-bye. */
const TCP_OPTIONS = 'nodelay,keepalive,keepidle=5,keepintvl=2,keepcnt=3';
/** Relative: a unix socket's path ends at 107 bytes (unix(7)), a state directory may be longer. */
const RECORDS = ['relay-outer', 'relay-inner'] as const;
const SOCKET = 'temporal.sock';

/** Makes Temporal reachable for the nodes at 10.20.0.254:7233: from the switch's network through a unix socket to the machine's. */
export async function startRelay(layout: Layout, temporalAddress: string): Promise<void> {
  for (const name of RECORDS) await stopRecorded(layout, name);
  const common = { env: baseEnvironment(layout), logFile: join(layout.runDir, 'relay.log'), cwd: layout.runDir };
  const [host = '', port = ''] = RELAY_ADDRESS.split(':');
  await startRecorded(layout, 'relay-outer', {
    ...common,
    argv: ['socat', `UNIX-LISTEN:${SOCKET},fork,unlink-early,backlog=128`, `TCP:${temporalAddress},nodelay`],
  });
  await startRecorded(layout, 'relay-inner', {
    ...common,
    argv: inNamespace(layout.switchNamespace,
      ['socat', `TCP-LISTEN:${port},bind=${host},fork,reuseaddr,backlog=128,${TCP_OPTIONS}`, `UNIX-CONNECT:${SOCKET}`]),
  });
  await until(`the relay at ${RELAY_ADDRESS}, see ${common.logFile}`, 10_000, async () =>
    (await run(inNamespace(layout.switchNamespace, ['bash', '-c', `exec 3<>/dev/tcp/${host}/${port}`]))).exitCode === 0);
}

export const relayRunning = (layout: Layout): boolean => RECORDS.every((name) => runningPid(layout, name) !== null);
