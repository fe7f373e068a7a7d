import { moveDrives } from '../../../domain/guest/move-drives.js';
import { parseVmConfig } from '../../../domain/guest/parse-vm-config.js';

const TEXT = '# disks\nname: web\nscsi0: file=local:101/vm-101-disk-0.qcow2,iothread=1,size=8G,discard=on\nscsi1: shared:vm-101-disk-1,size=1G\n\n[s]\nscsi0: local:101/vm-101-disk-0.qcow2\n';
const { config } = parseVmConfig(101, TEXT);

describe('moveDrives', () => {
  it('writes the new volume, format and size, and keeps every option and line', () => {
    expect(moveDrives(config, [{ drive: 'scsi0', volid: 'fast:101/vm-101-disk-0.raw', format: 'raw', sizeBytes: 8 * 1024 ** 3 }])).toBe(
      TEXT.replace('scsi0: file=local:101/vm-101-disk-0.qcow2,iothread=1,size=8G,discard=on', 'scsi0: fast:101/vm-101-disk-0.raw,iothread=1,size=8G,discard=on,format=raw'));
  });

  it('writes both where there was neither', () => {
    const parsed = parseVmConfig(101, 'virtio0: local:101/a.raw,format=raw\n').config;
    expect(moveDrives(parsed, [{ drive: 'virtio0', volid: 'fast:101/b.qcow2', format: 'qcow2', sizeBytes: 4_194_304 }])).toBe('virtio0: fast:101/b.qcow2,format=qcow2,size=4M\n');
  });

  it('without moves changes nothing', () => {
    expect(moveDrives(config, [])).toBe(TEXT);
  });

  it.each([
    ['a drive the guest does not have', { drive: 'scsi9', volid: 'fast:x' }],
    ['a move without a volume', { drive: 'scsi0', volid: '' }],
  ])('refuses %s', (_title, move) => {
    expect(() => moveDrives(config, [{ ...move, format: 'raw', sizeBytes: 1024 }])).toThrow(expect.objectContaining({ code: 'Internal' }));
  });
});
