import type { NodeAddress } from '../../../domain/contracts/facts.js';
import { chooseAddresses } from '../../../domain/network/migration-network.js';
import { cluster, node } from '../prerequisites/facts.js';

const { members } = cluster();
const on = (name: string, address: string, up = true): NodeAddress => ({ interface: name, address, prefixLength: address.includes(':') ? 64 : 24, up });
const choose = (network: string | null, ...addresses: NodeAddress[]) =>
  chooseAddresses(network, node('pve1', { addresses: [...node('pve1').addresses, on('mig6', 'fd00::1')] }), node('pve2', { addresses }), members);

describe('the migration network', () => {
  test.each<[string, string | null, readonly NodeAddress[], string]>([
    ['none: the management address', null, [], '10.0.0.2'],
    ['a CIDR', '10.1.2.0/24', [on('mgmt0', '10.0.0.2'), on('mig0', '10.1.2.2')], '10.1.2.2'],
    ['host bits set', '10.1.2.150/24', [on('mig0', '10.1.2.2')], '10.1.2.2'],
    ['the same address twice', '10.1.2.0/24', [on('mig0', '10.1.2.2'), on('vmbr1', '10.1.2.2')], '10.1.2.2'],
    ['a second address that is down', '10.1.2.0/24', [on('mig0', '10.1.2.2'), on('mig1', '10.1.2.3', false)], '10.1.2.2'],
    ['IPv6', 'fd00::/64', [on('mig0', '10.1.2.2'), on('mig6', 'fd00::2')], 'fd00::2'],
  ])('%s', (_title, network, addresses, expected) => {
    expect(choose(network, ...addresses).addresses).toMatchObject({ network, targetAddress: expected });
  });

  test.each<[string, string, readonly NodeAddress[], string, string]>([
    ['no address', '10.1.2.0/24', [on('mgmt0', '10.0.0.2')], 'migration-network-missing', "no IP address configured on local node for network '10.1.2.0/24'"],
    ['an interface that is down', '10.1.2.0/24', [on('mig0', '10.1.2.2', false)], 'migration-network-missing', '(10.1.2.2 on mig0, which is down)'],
    ['several different ones', '10.1.2.0/24', [on('mig0', '10.1.2.2'), on('mig1', '10.1.2.3')], 'migration-network-ambiguous', "multiple, different, IP address configured for network '10.1.2.0/24': 10.1.2.2 on mig0, 10.1.2.3 on mig1"],
    ['only the other family', 'fd00::/64', [on('mig0', '10.1.2.2')], 'migration-network-missing', "'pve2'"],
  ])('refused, naming node and network: %s', (_title, network, addresses, code, text) => {
    const { refusals } = choose(network, ...addresses);
    expect(refusals).toEqual([expect.objectContaining({ code, sentence: expect.stringContaining(text) })]);
    expect(refusals[0]?.sentence).toContain("failed to get ip for node 'pve2'");
  });

  test.each(['10.1.2.0', '10.1.2.0/33', '10.1/16', 'ten/8', '', '010.1.2.0/24x', 'fd00::/129'])('refused as no CIDR: %p', (network) => {
    expect(choose(network).refusals).toEqual([expect.objectContaining({ code: 'migration-network-invalid' })]);
  });

  test('both sides are named when both have none', () => {
    const { refusals } = chooseAddresses('192.168.7.0/24', node('pve1'), node('pve2'), members);
    expect(refusals.map(({ sentence }) => /node '(\w+)'/.exec(sentence)?.[1])).toEqual(['pve1', 'pve2']);
  });

  test('a member without a management address', () => {
    const { refusals } = chooseAddresses(null, node('pve1'), node('pve2'), members.map((member) => (member.name === 'pve2' ? { ...member, ip: '' } : member)));
    expect(refusals).toEqual([expect.objectContaining({ code: 'node-address-unknown', sentence: expect.stringContaining("failed to get ip for node 'pve2'") })]);
  });
});
