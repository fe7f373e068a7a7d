import { parseSettleRequest } from '../../../domain/edge/settle-request.js';

const epoch = '11111111-2222-3333-4444-555555555555';

test.each<[string, unknown, object]>([
  ['a guest and an epoch', { vmid: 101, epoch }, { vmid: 101, epoch, nodes: [] }],
  ['from a form, with nodes', { vmid: '101', epoch, nodes: ['pve1'] }, { vmid: 101, epoch, nodes: ['pve1'] }],
])('%s', (_title, raw, parsed) => {
  expect(parseSettleRequest(raw)).toEqual(parsed);
});

test.each<[string, unknown, string]>([
  ['nothing', undefined, 'expected an object'],
  ['no epoch', { vmid: 101 }, 'epoch: expected an epoch'],
  ['an epoch that is a path', { vmid: 101, epoch: '../x' }, 'epoch: expected an epoch'],
  ['a key of another workflow', { vmid: 101, epoch, target: 'pve2' }, "unknown key 'target'"],
])('%s is refused with one sentence', (_title, raw, sentence) => {
  expect(() => parseSettleRequest(raw)).toThrow(sentence);
});
