import { messageOf } from '../../domain/errors.js';
import type { NodeProbe, NodeProbeInput } from '../../domain/contracts/fencing.js';
import type { ClusterFiles } from '../../domain/contracts/ports.js';
import { askSshd } from '../transport/ssh/ask-sshd.js';

export interface NodeProbeDeps {
  readonly files: Pick<ClusterFiles, 'members'>;
  readonly sshPort: number;
  /** Who asks, for the record: a node's name, or `the control worker`. */
  readonly observer: string;
  /**
   * Whether this observer sits on the nodes' own networks: there a refused connection comes from the node itself. Elsewhere a
   * router may refuse in its stead, and only words count.
   */
  readonly isPeer: boolean;
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 3000;

/** Looks for signs of life of a node that no longer answers Temporal: its place in the cluster, its sshd on every network. Never rejects. */
export function createNodeProbe({ files, sshPort, observer, isPeer, timeoutMs = TIMEOUT_MS }: NodeProbeDeps): (input: NodeProbeInput) => Promise<NodeProbe> {
  return async ({ node, migrationAddress }) => {
    const answers: string[] = [];
    const silences: string[] = [];
    const member = await files.members().then(({ members }) => members.find(({ name }) => name === node), (error: unknown) => {
      silences.push(`${observer} can't read the cluster's members: ${messageOf(error)}`);
    });
    // Without an address nobody counted: the list is made of folders (no pmxcfs).
    if (member !== undefined && member.ip !== '') (member.online ? answers : silences).push(`the cluster counts ${node} as ${member.online ? 'online' : 'offline'}`);
    const addresses = [...new Set([member?.ip ?? '', migrationAddress])].filter((address) => address !== '');
    const asked = await Promise.all(addresses.map(async (address) => ({ address, ...(await askSshd(address, sshPort, timeoutMs)) })));
    for (const { address, kind, detail } of asked) {
      const alive = kind === 'speaks' || (kind === 'refuses' && isPeer);
      (alive ? answers : silences).push(`${node} at ${address} port ${sshPort}, asked by ${observer}: ${detail}`);
    }
    return { answers, silences };
  };
}
