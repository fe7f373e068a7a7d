import { normalizeArgv } from '../../client/cli/argv.js';

describe("PVE's spellings", () => {
  test.each([
    ['underscores become dashes', ['--migration_network', '10.0.0.0/24'], ['--migration-network', '10.0.0.0/24']],
    ['targetstorage is target-storage', ['--targetstorage', 'fast'], ['--target-storage', 'fast']],
    ["PVE's word for the format", ['--format', 'raw', '--targetformat=qcow2'], ['--target-format', 'raw', '--target-format=qcow2']],
    ['a value after = stays as it is', ['--targetstorage=a_b:c_d'], ['--target-storage=a_b:c_d']],
    ['one dash is enough', ['-online', '-with-local-disks'], ['--online', '--with-local-disks']],
    ['flags may have a yes', ['--online', '1', '--with-local-disks', 'yes', '--force=true'], ['--online', '--with-local-disks', '--force']],
    ['online may have a no', ['--online', '0'], ['--no-online']],
    ['so may local disks, which are copied by default', ['--with-local-disks=0'], ['--no-with-local-disks']],
    ['force with a no is not given', ['--force', 'off'], []],
    ['a guest number after a flag is a guest number', ['--online', '101', 'pve2'], ['--online', '101', 'pve2']],
    ["the operator's words are left alone", ['--reason', '-out_of_memory'], ['--reason', '-out_of_memory']],
    ['short options are left alone', ['-h'], ['-h']],
    ['nothing is touched after --', ['--', '--migration_type'], ['--', '--migration_type']],
    ['a flag with neither yes nor no is for the parser', ['--online=maybe'], ['--online=maybe']],
  ])('%s', (_, given, wanted) => {
    expect(normalizeArgv(given)).toEqual(wanted);
  });
});
