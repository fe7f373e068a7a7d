import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { NodeName, Vmid } from '../domain/ids.js';
import { absentIsNull, onClusterFiles } from './fs-errors.js';

/** Numbers of all guests whose config lies with this node, templates included. Throws `ClusterReadOnly`. */
export function guestsOfNode(pveRoot: string, node: NodeName): Promise<readonly Vmid[]> {
  return onClusterFiles(`list guests failed: ${node}`, async () => {
    const names = await Promise.all(['qemu-server', 'lxc'].map(async (kind) => (await absentIsNull(readdir(join(pveRoot, 'nodes', node, kind)))) ?? []));
    return names.flat().flatMap((name) => /^(\d+)\.conf$/.exec(name)?.[1] ?? []).map(Number).sort((a, b) => a - b);
  });
}
