import { readFile } from 'node:fs/promises';
import type { Vmid } from '../../domain/ids.js';

/** Containers whose monitor listens on this node (lxc's command socket, an abstract one, in `/proc/net/unix`), whoever started them. */
export async function runningContainers(lxcPath: string): Promise<readonly Vmid[]> {
  const sockets = await readFile('/proc/net/unix', 'utf8');
  const found = [...sockets.matchAll(/ @(\S+)\/(\d+)\/command$/gm)].filter(([, path]) => path === lxcPath.replace(/\/+$/, ''));
  return [...new Set(found.map(([, , vmid]) => Number(vmid)))].sort((a, b) => a - b);
}
