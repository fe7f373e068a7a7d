import { parseMappings } from '../../../domain/cluster/parse-mappings.js';

test('says which nodes have what, whatever else is written', () => {
  const text = [
    'gpu', '\tdescription for games', '\tmap id=10de:1b80,node=pve1,path=0000:01:00.0', '\tmap node=pve2,path=0000:02:00.0,id=10de:1b80', '\tmdev 1', '',
    '# a note', 'key', '\tmap id=1050:0407,node=pve3', '', 'nowhere', '',
  ].join('\n');
  expect(parseMappings(text)).toEqual([{ id: 'gpu', nodes: ['pve1', 'pve2'] }, { id: 'key', nodes: ['pve3'] }, { id: 'nowhere', nodes: [] }]);
});

test('one name in two files (a device and a directory) is on the nodes of both, and no file is no mapping', () => {
  expect(parseMappings('share\n\tmap node=pve1,path=/srv\n\nshare\n\tmap node=pve2,id=1:2\n')).toEqual([{ id: 'share', nodes: ['pve1', 'pve2'] }]);
  expect(parseMappings('')).toEqual([]);
});
