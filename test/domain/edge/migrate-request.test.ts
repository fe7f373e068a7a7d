import { parseMigrateRequest } from '../../../domain/edge/migrate-request.js';

const BASE = { vmid: 101, target: 'pve2', withLocalDisks: true, force: false, requestedBy: 'unknown' };
const messageFor = (raw: unknown): string => {
  try {
    parseMigrateRequest(raw);
  } catch (error) {
    expect(error).toMatchObject({ code: 'InvalidInput' });
    return (error as Error).message;
  }
  return '';
};

describe('parseMigrateRequest', () => {
  it.each([
    ['the least', {}, {}],
    ['numbers as strings', { vmid: '101', bwlimit: '1024', 'downtime-limit': '250' }, { bwlimitKiBps: 1024, downtimeLimitMs: 250 }],
    ['booleans in all spellings', { online: 1, 'with-local-disks': '0', force: 'true' }, { online: true, withLocalDisks: false, force: true }],
    ["PVE's spellings", { targetstorage: 'fast', migration_network: '10.1.2.3/24', migration_type: 'insecure' }, { targetStorage: 'fast', migrationNetwork: '10.1.2.0/24', migrationType: 'insecure' }],
    ["PVE's spellings with dashes", { 'target-storage': '1', 'migration-network': 'fd00::/64', 'migration-type': 'tls' }, { targetStorage: '1', migrationNetwork: 'fd00::/64', migrationType: 'tls' }],
    ['the format as PVE spells it', { format: 'raw' }, { targetFormat: 'raw' }],
    ['the format in other words', { 'target-format': 'qcow2' }, { targetFormat: 'qcow2' }],
    ['policy', { 'max-cpu-throttle': 99, 'convergence-deadline': 60, downtimeLimitMs: 5 }, { maxCpuThrottlePercent: 99, convergenceDeadlineSeconds: 60, downtimeLimitMs: 5 }],
    ['null as absent', { online: null, reason: null }, {}],
    ['who and why', { requestedBy: 'ann', reason: 'rack move' }, { requestedBy: 'ann', reason: 'rack move' }],
  ])('accepts %s', (_title, given, expected) => {
    expect(parseMigrateRequest({ vmid: 101, target: 'pve2', ...given })).toStrictEqual({ ...BASE, ...expected });
  });

  it.each([
    [null, 'read request failed: expected an object such as {"vmid":101,"target":"pve2"}, got null'],
    [[1], 'read request failed: expected an object such as {"vmid":101,"target":"pve2"}, got [1]'],
    [{}, 'read request failed: vmid: expected a whole number from 100 to 999999999, got nothing; target: expected a node name (letters, digits and inner dashes, at most 63), got nothing'],
    [{ vmid: 99, target: 'pve2' }, 'read request failed: vmid: expected a whole number from 100 to 999999999, got 99'],
    [{ vmid: '1e3', target: 'pve2' }, 'read request failed: vmid: expected a whole number from 100 to 999999999, got "1e3"'],
    [{ vmid: 100.5, target: 'pve2' }, 'read request failed: vmid: expected a whole number from 100 to 999999999, got 100.5'],
    [{ ...BASE, targt: 'x' }, "read request failed: unknown key 'targt', did you mean 'target'?"],
    [{ ...BASE, 'with-local-disk': 1 }, "read request failed: unknown key 'with-local-disk', did you mean 'withLocalDisks'?"],
    [{ ...BASE, withLocalDisks: 'maybe' }, 'read request failed: withLocalDisks: expected true or false, got "maybe"'],
    [{ ...BASE, migration_type: 'plain' }, 'read request failed: migrationType: expected secure, insecure or tls, got "plain"'],
    [{ ...BASE, targetformat: 'vmdk' }, 'read request failed: targetFormat: expected raw or qcow2, got "vmdk"'],
    [{ ...BASE, migration_network: '10.1.2.0' }, 'read request failed: migrationNetwork: expected a CIDR such as 10.1.2.0/24, got "10.1.2.0"'],
    [{ ...BASE, targetstorage: 'a1,b1' }, 'read request failed: targetStorage: failed to parse storage map: default target ID can only be provided once, got "a1,b1"'],
    [{ ...BASE, targetstorage: '1', targetStorage: '1' }, "read request failed: targetStorage is given twice, also as 'targetStorage'"],
    [{ ...BASE, bwlimit: -1 }, 'read request failed: bwlimitKiBps: expected a whole number from 0 to 9007199254740991, got -1'],
    [{ ...BASE, maxCpuThrottlePercent: 100 }, 'read request failed: maxCpuThrottlePercent: expected a whole number from 1 to 99, got 100'],
  ])('refuses %j in one sentence', (raw, message) => {
    expect(messageFor(raw)).toBe(message);
  });

  it.each(['pve_2', '-pve', 'pve-', 'pve2.lab', '../pve2', '', 'a'.repeat(64)])('refuses the node name %j', (target) => {
    expect(messageFor({ vmid: 101, target })).toContain('target: expected a node name');
  });

  it('names every problem at once', () => {
    expect(messageFor({ vmid: 'x', target: '', bogus: 1, online: 'x' })).toMatch(/bogus.*vmid.*target.*online/s);
  });

  it.each(['__proto__', 'constructor', 'toString'])('does not take %s for an option', (key) => {
    expect(messageFor(JSON.parse(`{"vmid":101,"target":"pve2","${key}":1}`))).toContain(`unknown key '${key}'`);
  });
});
