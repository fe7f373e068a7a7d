import fc from 'fast-check';
import { driveName, formatDrive, parseDrive } from '../../../domain/guest/drive.js';

describe('drive strings', () => {
  const value = fc.stringMatching(/^[A-Za-z0-9_./:+-]{1,12}$/);
  const options = fc.dictionary(fc.stringMatching(/^[a-z][a-z_]{0,8}$/).filter((key) => !['file', 'volume', 'media'].includes(key)), value, { maxKeys: 6 });
  const file = fc.oneof(fc.constantFrom('none', 'cdrom', '/dev/sdb'), fc.stringMatching(/^[a-z][a-z0-9_-]{0,6}[a-z0-9]:[a-z0-9./-]{1,12}$/));

  it('survive formatting and parsing, options in their order', () => {
    fc.assert(fc.property(file, options, (source, given) => {
      const { value: drive, problems } = parseDrive('scsi3', formatDrive({ file: source, options: given }));
      expect(problems).toEqual([]);
      expect(drive).toMatchObject({ name: 'scsi3', bus: 'scsi', index: 3, file: source, options: given });
      expect(formatDrive(drive ?? { file: '', options: {} })).toBe(formatDrive({ file: source, options: given }));
    }));
  });

  it('parse anything without throwing', () => {
    fc.assert(fc.property(fc.string(), (text) => {
      expect(Array.isArray(parseDrive('scsi0', text).problems)).toBe(true);
    }));
  });

  it.each([['scsi30', true], ['scsi31', false], ['virtio15', true], ['virtio16', false], ['ide3', true], ['ide4', false], ['sata5', true], ['sata6', false], ['scsi01', false], ['scsihw', false], ['net0', false]])('%s is the name of a drive: %s', (name, is) => {
    expect(driveName(name) !== null).toBe(is);
  });
});
