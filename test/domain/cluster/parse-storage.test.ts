import { parseStorageConfig } from '../../../domain/cluster/parse-storage.js';

const byId = (text: string, id: string): unknown => parseStorageConfig(text).storages.find((storage) => storage.id === id);

describe('parseStorageConfig', () => {
  it('reads sections, flags without a value and comments', () => {
    const text = '# storages\ndir: fast\n\tpath /mnt/fast\n\tcontent images,iso\n\tnodes pve1,pve2\n\tshared 0\n\tbwlimit migration=5\n\ndir: old\n    path /old\n    disable\n';
    expect(parseStorageConfig(text).problems).toEqual([]);
    expect(byId(text, 'fast')).toEqual({
      id: 'fast', type: 'dir', path: '/mnt/fast', content: ['images', 'iso'], nodes: ['pve1', 'pve2'], shared: false, disabled: false, bwlimitKiBps: { migration: 5 },
      values: { path: '/mnt/fast', content: 'images,iso', nodes: 'pve1,pve2', shared: '0', bwlimit: 'migration=5' },
    });
    expect(byId(text, 'old')).toMatchObject({ disabled: true, content: ['images', 'rootdir'], nodes: null });
  });

  it('has local on every node, named or not', () => {
    expect(parseStorageConfig('').storages).toMatchObject([{ id: 'local', type: 'dir', path: '/var/lib/vz', nodes: null, shared: false }]);
    expect(parseStorageConfig('dir: local\n\tpath /elsewhere\n\tnodes pve1\n').storages).toMatchObject([{ id: 'local', path: '/elsewhere', nodes: null }]);
    expect(byId('dir: local\n', 'local')).toMatchObject({ path: '/var/lib/vz' });
  });

  it.each(['iscsi', 'nfs', 'cifs', 'rbd', 'cephfs', 'iscsidirect', 'zfs', 'drbd', 'pbs'])('%s is shared whatever the file says', (type) => {
    expect(byId(`${type}: net\n\tshared 0\n`, 'net')).toMatchObject({ shared: true });
  });

  it.each([['dir', '', false], ['lvm', '', false], ['lvm', '\tshared 1\n', true], ['dir', '\tshared\n', true], ['zfspool', '', false]])('%s with %j is shared: %s', (type, line, shared) => {
    expect(byId(`${type}: st\n${line}`, 'st')).toMatchObject({ shared });
  });

  it.each([['nfs', '/mnt/pve/net'], ['cifs', '/mnt/pve/net'], ['rbd', null], ['lvm', null]])('the path of %s is %s', (type, path) => {
    expect(byId(`${type}: net\n`, 'net')).toMatchObject({ path });
  });

  it.each([
    ['what is this', 'unable to parse line: what is this'],
    ['\tpath /x', 'unable to parse line: path /x'],
    ['dir: aa\n\tpath /a\n\n\tcontent images', 'unable to parse line: content images'],
    ['dir: aa\n\ndir: aa', 'aa is given twice'],
    ['dir: aa\n\tpath /a\n\tpath /b', 'aa: path is given twice'],
    ['dir: a!', "a!: storage ID 'a!' contains illegal characters"],
    ['dir: aa\n\tshared perhaps', "aa: shared: expected 0 or 1, got 'perhaps'"],
    ['dir: aa\n\tbwlimit migration=x', "aa: bwlimit: migration: expected KiB/s, a number from 0, got 'x'"],
  ])('reports %j', (text, problem) => {
    expect(parseStorageConfig(text).problems).toEqual([problem]);
  });
});
