import { spawn, type ChildProcess } from 'node:child_process';
import type { Lab } from '../lab/lab.js';
import { insideNode } from '../lab/node.js';
import { runningPid } from '../lab/processes.js';

/** The node's first process: its root directory shows the node's own /run. */
export function nodeProcess(lab: Lab, node: string): number {
  const pid = runningPid(lab.layout, `init-${node}`);
  if (pid === null) throw new Error(`node ${node} is down`);
  return pid;
}

/** `ssh -N -L` as ferry starts it; resolves when its local sockets are there. */
export async function tunnelInNode(lab: Lab, node: string, host: string, hostName: string, names: readonly string[]): Promise<ChildProcess> {
  await lab.exec(node, ['mkdir', '-p', '/run/bare']);
  const forwards = names.flatMap((name) => ['-L', `/run/bare/to-${name}.sock:/run/bare/${name}.sock`]);
  const [program = '', ...args] = insideNode(lab.layout, lab.state, node, [
    'ssh', '-N', '-T', '-o', 'BatchMode=yes', '-o', 'StrictHostKeyChecking=yes', '-o', `HostKeyAlias=${hostName}`, '-o', 'ExitOnForwardFailure=yes',
    '-i', '/etc/ssh/ferry_ed25519', '-c', 'aes128-gcm@openssh.com', '-o', 'KexAlgorithms=curve25519-sha256', ...forwards, `root@${host}`,
  ]);
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const sockets = names.map((name) => `/run/bare/to-${name}.sock`);
  for (;;) {
    const { exitCode } = await lab.exec(node, ['sh', '-c', 'for s; do [ -S "$s" ] || exit 1; done', 'sh', ...sockets]);
    if (exitCode === 0) return child;
    if (child.exitCode !== null) throw new Error(`ssh ended with ${child.exitCode}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
