import { createServer, type AddressInfo, type Server } from 'node:net';
import type { ClusterMember } from '../../../domain/contracts/facts.js';
import { createNodeProbe } from '../../../hypervisor/node/probe-node.js';

let speaking: Server;
let port = 0;
/** 127.0.0.1 speaks, 127.0.0.2 refuses. */
beforeAll(async () => {
  speaking = createServer((socket) => void socket.on('error', () => undefined).end('SSH-2.0-test\r\n'));
  await new Promise<void>((resolve) => speaking.listen(0, '127.0.0.1', resolve));
  port = (speaking.address() as AddressInfo).port;
});
afterAll(() => new Promise((resolve) => speaking.close(resolve)));

const member = (over: Partial<ClusterMember>): ClusterMember => ({ name: 'pve1', id: 1, online: false, ip: '127.0.0.2', ...over });

async function probe(members: readonly ClusterMember[] | Error, migrationAddress: string, isPeer: boolean): Promise<{ answers: readonly string[]; silences: readonly string[] }> {
  const files = { members: () => (members instanceof Error ? Promise.reject(members) : Promise.resolve({ quorate: true, members })) };
  return createNodeProbe({ files, sshPort: port, observer: 'pve2', isPeer, timeoutMs: 1000 })({ vmid: 101, epoch: 'e', node: 'pve1', migrationAddress });
}

describe('createNodeProbe', () => {
  it('names what answered, on which address, and who asked', async () => {
    const { answers } = await probe([member({})], '127.0.0.1', true);
    expect(answers).toContain(`pve1 at 127.0.0.1 port ${port}, asked by pve2: answered "SSH-2.0-test"`);
  });

  it('a refused connection is a sign of life for a peer, not for an observer elsewhere', async () => {
    expect((await probe([member({})], '127.0.0.2', true)).answers).toEqual([`pve1 at 127.0.0.2 port ${port}, asked by pve2: refused the connection`]);
    expect(await probe([member({})], '127.0.0.2', false)).toEqual({
      answers: [], silences: ['the cluster counts pve1 as offline', `pve1 at 127.0.0.2 port ${port}, asked by pve2: refused the connection`],
    });
  });

  it('a member the cluster counts as online lives', async () => {
    expect((await probe([member({ online: true })], '127.0.0.2', false)).answers).toEqual(['the cluster counts pve1 as online']);
  });

  it('a list made of folders counts nobody', async () => {
    expect(await probe([member({ online: true, ip: '' })], '127.0.0.2', false)).toMatchObject({ answers: [] });
  });

  it('a cluster file system that cannot be read is said, and the rest is asked all the same', async () => {
    const { answers, silences } = await probe(new Error('no quorum'), '127.0.0.1', true);
    expect(silences).toEqual(["pve2 can't read the cluster's members: no quorum"]);
    expect(answers).toHaveLength(1);
  });
});
