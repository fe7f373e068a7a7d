import { parseDatacenterConfig } from '../../../domain/cluster/parse-datacenter.js';

const secure = { type: 'secure', network: null };

describe('parseDatacenterConfig', () => {
  it.each([
    ['', secure],
    ['keyboard: de\n# migration: insecure\n', secure],
    ['migration: secure', secure],
    ['migration: insecure', { type: 'insecure', network: null }],
    ['migration: type=tls', { type: 'tls', network: null }],
    ['migration: secure,network=10.1.2.0/24', { type: 'secure', network: '10.1.2.0/24' }],
    ['migration: insecure,network=10.10.10.150/24', { type: 'insecure', network: '10.10.10.0/24' }],
    ['migration: network=fd00::17/64,type=tls', { type: 'tls', network: 'fd00::/64' }],
    ['migration: network=10.1.2.0/24', { type: 'secure', network: '10.1.2.0/24' }],
    ['migration_unsecure: 1', { type: 'insecure', network: null }],
    ['migration_unsecure: 0', secure],
    ['migration_unsecure: 1\nmigration: secure', secure],
  ])('reads %j', (text, migration) => {
    expect(parseDatacenterConfig(text)).toEqual({ config: { migration, bwlimitKiBps: {} }, problems: [] });
  });

  it('reads limits', () => {
    expect(parseDatacenterConfig('bwlimit: default=100,migration=0.5,clone=0\n').config.bwlimitKiBps).toEqual({ default: 100, migration: 0.5, clone: 0 });
  });

  it.each([
    ['migration: secure,network=10.1.2.0/33', "migration: network: expected a CIDR such as 10.1.2.0/24, got '10.1.2.0/33'"],
    ['migration: secure,network=10.1.2.0', "migration: network: expected a CIDR such as 10.1.2.0/24, got '10.1.2.0'"],
    ['migration: secure,network=10.1/16', "migration: network: expected a CIDR such as 10.1.2.0/24, got '10.1/16'"],
    ['migration: secure,network=0.0.0.0/0', "migration: network: expected a CIDR such as 10.1.2.0/24, got '0.0.0.0/0'"],
    ['migration: secure,network=fe80::1%eth0/64', "migration: network: expected a CIDR such as 10.1.2.0/24, got 'fe80::1%eth0/64'"],
    ['migration: secure,network=', "migration: missing value in 'network='"],
    ['migration: secure,networks=10.1.2.0/24', "migration: unknown key 'networks', expected type and network"],
    ['migration: secure,network=10.1.2.0/24,network=10.1.3.0/24', 'migration: duplicate key in comma-separated list property: network'],
    ['migration: secure,type=insecure', 'migration: duplicate key in comma-separated list property: type'],
    ['migration: plain', "migration: type: expected secure, insecure, tls, got 'plain'"],
    ['migration:', 'migration: no value given'],
    ['migration: ,', 'migration: no value given'],
    ['migration: secure\nmigration: insecure', 'migration is given twice'],
    ['migration secure', 'unable to parse line: migration secure'],
    ['migrations: secure', "unknown key 'migrations', expected migration"],
    ['Migration: insecure', "unknown key 'Migration', expected migration"],
    [' migration: insecure', 'unable to parse line: migration: insecure'],
    ['migration_unsecure: perhaps', "migration_unsecure: expected 0 or 1, got 'perhaps'"],
    ['bwlimit: migration=fast', "bwlimit: migration: expected KiB/s, a number from 0, got 'fast'"],
    ['bwlimit: migration=-1', "bwlimit: migration: expected KiB/s, a number from 0, got '-1'"],
    ['bwlimit: migrate=1', "bwlimit: unknown key 'migrate', expected default, migration, clone, move, restore"],
    ['bwlimit: 100', "bwlimit: value without key, but there is no default key: '100'"],
    ['bwlimit:', 'bwlimit: no limit given'],
  ])('never falls back silently: %j', (text, problem) => {
    expect(parseDatacenterConfig(text).problems).toEqual([problem]);
  });
});
