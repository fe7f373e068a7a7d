import { fenceFor } from '../../../domain/edge/fence-config.js';
import { parseFerryConfig } from '../../../domain/edge/ferry-config.js';

const DEFAULTS = {
  pveRoot: '/etc/pve', stateDir: '/var/lib/ferry', runDir: '/run/ferry', qemuRunDir: '/run/qemu-server', lxcPath: '/var/lib/lxc', lxcRunDir: '/run/ferry-lxc', qemuBinary: 'qemu-system-x86_64', qemuImg: 'qemu-img',
  ssh: { identityFile: '/root/.ssh/id_rsa', knownHostsFile: '/etc/pve/priv/known_hosts', user: 'root', port: 22 },
  hooks: {}, reconcileIntervalSeconds: 180, portRange: { first: 60000, last: 60049 },
  fence: {},
  slots: { enabled: true, in: 2, out: 2, nodes: {} },
  links: {},
};

describe('parseFerryConfig', () => {
  it('has a default for everything', () => {
    expect(parseFerryConfig({})).toStrictEqual(DEFAULTS);
  });

  it('takes what is given', () => {
    expect(parseFerryConfig({ node: 'pve1', pveRoot: '/lab/pve', ssh: { identityFile: '/k', port: 2222 }, portRange: { last: 60002 } })).toStrictEqual({
      ...DEFAULTS, node: 'pve1', pveRoot: '/lab/pve', portRange: { first: 60000, last: 60002 },
      ssh: { ...DEFAULTS.ssh, identityFile: '/k', port: 2222, knownHostsFile: '/lab/pve/priv/known_hosts' },
    });
  });

  it('takes slots and links', () => {
    const { slots, links } = parseFerryConfig({ slots: { in: 4, nodes: { pve1: { out: 0 } } }, links: { rack1: { nodes: ['pve1', 'pve2'], transfers: 3 } } });
    expect(slots).toEqual({ enabled: true, in: 4, out: 2, nodes: { pve1: { out: 0 } } });
    expect(links).toEqual({ rack1: { nodes: ['pve1', 'pve2'], transfers: 3, counts: 'crossing' } });
  });

  it.each([
    [[], 'expected an object, got []'],
    [{ pveroot: '/x' }, "unknown key 'pveroot', did you mean 'pveRoot'?"],
    [{ ssh: { ports: 1 } }, "unknown key 'ssh.ports', did you mean 'ssh.port'?"],
    [{ ssh: 'root' }, 'ssh: expected an object, got "root"'],
    [{ node: 'a_b' }, 'node: expected a node name (letters, digits and inner dashes, at most 63), got "a_b"'],
    [{ stateDir: 'state' }, 'stateDir: expected an absolute path, got "state"'],
    [{ portRange: { first: 2, last: 1 } }, 'portRange: expected first ≤ last, got {"first":2,"last":1}'],
    [{ fence: { pve1: 'ipmitool' } }, 'fence.pve1: expected an object, got "ipmitool"'],
    [{ fence: { pve1: { command: [] } } }, 'fence.pve1.command: expected a command: an array of strings, or one string that is split at spaces, got []'],
    [{ fence: { pve1: { command: 'off "pve1' } } },
      'fence.pve1.command: expected a command: an array of strings, or one string that is split at spaces (split words failed: off "pve1: a quote (") is not closed), got "off \\"pve1"'],
    [{ fence: { pve1: { command: ['off'], timeoutSeconds: 0 } } }, 'fence.pve1.timeoutSeconds: expected a whole number from 1 to 540, got 0'],
    [{ slots: { inn: 1 } }, "unknown key 'slots.inn', did you mean 'slots.in'?"],
    [{ slots: { nodes: { pve1: { out: -1 } } } }, 'slots.nodes.pve1.out: expected a whole number from 0 to 1000, got -1'],
    [{ links: { rack1: { nodes: [] } } }, 'links.rack1.nodes: expected a list of node names, got []'],
    [{ ssh: { port: 0 }, runDir: 5 }, 'runDir: expected an absolute path, got 5; ssh.port: expected a whole number from 1 to 65535, got 0'],
  ])('refuses %j in one sentence', (raw, cause) => {
    expect(() => parseFerryConfig(raw)).toThrow(expect.objectContaining({ code: 'InvalidInput', message: `read configuration failed: ${cause}` }));
  });

  it.each<[string, unknown, string, readonly string[] | null]>([
    ['nobody is fenced by default', {}, 'pve1', null],
    ['an argument list stays what it is', { pve1: { command: ['ipmi', 'off now', '{node}'] } }, 'pve1', ['ipmi', 'off now', 'pve1']],
    ['one string is split, no shell reads it', { pve1: { command: "ipmi 'off now' $(id) {node}.ipmi" } }, 'pve1', ['ipmi', 'off now', '$(id)', 'pve1.ipmi']],
    ['a node without an entry', { pve1: { command: ['ipmi'] } }, 'pve2', null],
    ['the entry for every other node', { pve1: { command: ['ipmi'] }, '*': { command: ['off', '{node}'] } }, 'pve2', ['off', 'pve2']],
  ])('fence: %s', (_title, fence, node, command) => {
    expect(fenceFor(parseFerryConfig({ fence }).fence, node)?.command ?? null).toEqual(command);
  });
});
