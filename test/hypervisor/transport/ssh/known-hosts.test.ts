import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fingerprint, judgeHostKey, knownKeyTypes, knownName, parseKnownHosts, readKnownHosts } from '../../../../hypervisor/transport/ssh/known-hosts.js';

const KEY = Buffer.from('key one');
const OTHER = Buffer.from('key two');
const b64 = (key: Buffer): string => key.toString('base64');

test.each([
  ['by name', `pve2 ssh-ed25519 ${b64(KEY)}`, 'pve2', 'known'],
  ['by one of several names, with a comment', `pve1,PVE2,10.0.0.2 ssh-ed25519 ${b64(KEY)} root@pve2`, 'pve2', 'known'],
  ['by address and port', `[10.0.0.2]:2222 ssh-ed25519 ${b64(KEY)}`, '[10.0.0.2]:2222', 'known'],
  ['by a pattern', `pve? ssh-ed25519 ${b64(KEY)}`, 'pve2', 'known'],
  ['not by a pattern that excludes it', `*,!pve2 ssh-ed25519 ${b64(KEY)}`, 'pve2', 'unknown'],
  ['not by a dot as a wildcard', `pve. ssh-ed25519 ${b64(KEY)}`, 'pve2', 'unknown'],
  ['by any of several keys', `pve2 ssh-rsa ${b64(OTHER)}\npve2 ssh-ed25519 ${b64(KEY)}`, 'pve2', 'known'],
  ['as changed', `pve2 ssh-ed25519 ${b64(OTHER)}`, 'pve2', 'changed'],
  ['as revoked, whatever else is there', `pve2 ssh-ed25519 ${b64(KEY)}\n@revoked * ssh-ed25519 ${b64(KEY)}`, 'pve2', 'revoked'],
  ['not by a certificate authority', `@cert-authority * ssh-ed25519 ${b64(KEY)}`, 'pve2', 'unknown'],
  ['not by a comment or half a line', `# pve2 ssh-ed25519 ${b64(KEY)}\n\npve2 ssh-ed25519`, 'pve2', 'unknown'],
])('a key is judged %s', (_title, text, name, verdict) => {
  expect(judgeHostKey(parseKnownHosts(text), name, KEY)).toBe(verdict);
});

test.each([
  ['the node name, if known', 'pve2 t a\n10.0.0.2 t b', 22, 'pve2'],
  ['the address, if only that is known', '10.0.0.2 t b', 22, '10.0.0.2'],
  ['the address with its port', '[10.0.0.2]:2222 t b', 2222, '[10.0.0.2]:2222'],
  ['the node name, if nothing is known', '', 22, 'pve2'],
])('a target is looked up by %s', (_title, text, port, name) => {
  expect(knownName(parseKnownHosts(text), { hostName: 'pve2', host: '10.0.0.2', port })).toBe(name);
});

test('entries hashed by ssh-keygen are found, and fingerprints are those of ssh-keygen', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'ferry-known-'));
  try {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(dir, 'key')]);
    const key = readFileSync(join(dir, 'key.pub'), 'utf8').split(' ').slice(0, 2).join(' ');
    const file = join(dir, 'known_hosts');
    writeFileSync(file, `pve2 ${key}\n[10.0.0.2]:2222 ${key}\n`);
    execFileSync('ssh-keygen', ['-q', '-H', '-f', file], { stdio: 'ignore' });
    expect(readFileSync(file, 'utf8')).not.toContain('pve2');
    const hosts = await readKnownHosts(file);
    const blob = Buffer.from(key.split(' ')[1] ?? '', 'base64');
    expect(['pve2', '[10.0.0.2]:2222', 'pve3'].map((name) => judgeHostKey(hosts, name, blob))).toEqual(['known', 'known', 'unknown']);
    expect(knownKeyTypes(hosts, 'pve2')).toEqual(['ssh-ed25519']);
    expect(execFileSync('ssh-keygen', ['-l', '-f', join(dir, 'key.pub')], { encoding: 'utf8' })).toContain(` ${fingerprint(blob)} `);
  } finally {
    rmSync(dir, { recursive: true });
  }
});

test('a missing file is named', async () => {
  await expect(readKnownHosts('/nowhere/known_hosts')).rejects.toMatchObject({ code: 'TransportFailed', facts: { file: '/nowhere/known_hosts' } });
});
