import { readConfigSections } from '../../../domain/guest/config-sections.js';
import { moveVolumes } from '../../../domain/guest/move-volumes.js';
import { mentionedVolumes, placeOf } from '../../../domain/guest/volumes.js';

const CONFIG = `# a comment, local:101/vm-101-disk-0.qcow2
boot: order=scsi0
efidisk0: local:101/vm-101-disk-2.raw,efitype=4m,size=528K
ide2: none,media=cdrom
net0: virtio=BC:24:11:00:00:01,bridge=vmbr0
scsi0: local:101/vm-101-disk-0.qcow2,format=qcow2,iothread=1,size=8G
scsi1: file=fast:101/vm-101-disk-0.raw,size=1G
scsi2: /dev/sdx,shared=1
unused0: local:101/vm-101-disk-5.qcow2

[PENDING]
virtio0: local:101/vm-101-disk-6.raw,size=2G

[before]
scsi0: local:101/vm-101-disk-0.qcow2,format=qcow2,iothread=1,size=4G
vmstate: local:101/vm-101-state-before.raw
`;

test('every mention in every section is found', () => {
  expect(mentionedVolumes(readConfigSections(CONFIG)).map((m) => `${placeOf(m)} = ${m.file}`)).toEqual([
    'efidisk0 = local:101/vm-101-disk-2.raw',
    'scsi0 = local:101/vm-101-disk-0.qcow2',
    'scsi1 = fast:101/vm-101-disk-0.raw',
    'scsi2 = /dev/sdx',
    'unused0 = local:101/vm-101-disk-5.qcow2',
    'pending change of virtio0 = local:101/vm-101-disk-6.raw',
    'snapshot before: scsi0 = local:101/vm-101-disk-0.qcow2',
    'snapshot before: vmstate = local:101/vm-101-state-before.raw',
  ]);
});

test('a path is no volume, and says whether it is shared', () => {
  const path = mentionedVolumes(readConfigSections(CONFIG)).find(({ key }) => key === 'scsi2');
  expect([path?.volid, path?.isShared]).toEqual([null, true]);
});

test('a moved volume is renamed wherever it is named; nothing else changes', () => {
  const text = moveVolumes(CONFIG, [
    { from: 'local:101/vm-101-disk-0.qcow2', to: 'fast:101/vm-101-disk-3.raw', format: 'raw', sizeBytes: 9 * 1024 ** 3 },
    { from: 'fast:101/vm-101-disk-0.raw', to: 'fast:101/vm-101-disk-0.raw', sizeBytes: 1024 ** 3 },
  ]);
  expect(text).toContain('\nscsi0: fast:101/vm-101-disk-3.raw,format=raw,iothread=1,size=9G\n');
  expect(text).toContain('[before]\nscsi0: fast:101/vm-101-disk-3.raw,format=raw,iothread=1,size=4G\n');
  expect(text).toContain('\nscsi1: file=fast:101/vm-101-disk-0.raw,size=1G\n');
  expect(text).toContain('# a comment, local:101/vm-101-disk-0.qcow2\n');
  const restored = text.replaceAll('fast:101/vm-101-disk-3.raw,format=raw', 'local:101/vm-101-disk-0.qcow2,format=qcow2').replace('size=9G', 'size=8G');
  expect(restored).toBe(CONFIG);
});

test('a container\'s mount points', () => {
  const text = 'arch: amd64\nrootfs: local:201/subvol-201-disk-0.subvol,size=0T\nmp0: local:201/vm-201-disk-1.raw,mp=/data,size=1G\nlxc.mount.entry: /x y none bind\n';
  expect(mentionedVolumes(readConfigSections(text)).map(({ key }) => key)).toEqual(['rootfs', 'mp0']);
  expect(moveVolumes(text, [{ from: 'local:201/vm-201-disk-1.raw', to: 'fast:201/vm-201-disk-0.raw' }])).toBe(text.replace('local:201/vm-201-disk-1.raw', 'fast:201/vm-201-disk-0.raw'));
});
