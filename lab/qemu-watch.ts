import { existsSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import type { NodeName, Vmid } from '../domain/ids.js';
import type { Layout } from './layout.js';
import { runningPid } from './processes.js';
import type { RunLog } from './run-log.js';
import { watchSocket } from './vm-config.js';

const LOOK_MS = 20;

const message = z.object({
  QMP: z.unknown().optional(),
  event: z.string().optional(),
  timestamp: z.object({ seconds: z.number(), microseconds: z.number() }).optional(),
  return: z.object({ running: z.boolean().optional() }).optional(),
});

/**
 * Listens to every QEMU of the guest, on every node, on the watcher's own QMP socket, and writes down when each ran it: the
 * times are those of the QEMUs' events. Resolves to the function that ends it.
 */
export function watchQemus(layout: Layout, nodes: readonly NodeName[], vmid: Vmid, log: RunLog): () => void {
  const open = new Map<NodeName, Socket>();
  const timer = setInterval(() => {
    for (const node of nodes) {
      const path = socketOf(layout, node, vmid);
      if (open.has(node) || path === null) continue;
      const socket = listen(path, node, log);
      open.set(node, socket);
      socket.once('close', () => {
        if (open.get(node) === socket) open.delete(node);
        log.ended(node, Date.now());
      });
    }
  }, LOOK_MS);
  return () => {
    clearInterval(timer);
    for (const socket of open.values()) socket.destroy();
  };
}

/** Through the node's own root: sockets are found by their inode, whoever asks. */
function socketOf(layout: Layout, node: NodeName, vmid: Vmid): string | null {
  const pid = runningPid(layout, `init-${node}`);
  const path = pid === null ? null : `/proc/${pid}/root${watchSocket(vmid)}`;
  return path !== null && existsSync(path) ? path : null;
}

function listen(path: string, node: NodeName, log: RunLog): Socket {
  // Nobody accepts at a socket file whose QEMU was killed.
  const socket = connect(path).on('error', () => undefined);
  createInterface({ input: socket }).on('line', (line) => {
    const { QMP, event, timestamp, return: answer } = parse(line);
    if (QMP !== undefined) socket.write('{"execute":"qmp_capabilities"}{"execute":"query-status"}');
    if (answer?.running === true) log.began(node, Date.now());
    const atMs = timestamp === undefined ? Date.now() : timestamp.seconds * 1000 + timestamp.microseconds / 1000;
    if (event === 'RESUME') log.began(node, atMs);
    if (event === 'STOP' || event === 'SHUTDOWN') log.ended(node, atMs);
  }).on('error', () => undefined);
  return socket;
}

/** A QEMU that is killed ends in the middle of a line. */
function parse(line: string): z.infer<typeof message> {
  try {
    return message.parse(JSON.parse(line));
  } catch {
    return {};
  }
}
