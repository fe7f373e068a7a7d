import { areReleases, areRequests, isAnswer } from '../../../domain/admission/well-formed.js';

const request = { resource: 'pve1', epoch: 'e', workflowId: 'w', vmid: 101, priority: 3, seq: 1, sinceMs: 5, pools: ['transfer-out'] };
const release = { resource: 'pve1', epoch: 'e', seq: 2, keep: [] };

test('what a migration sends is understood', () => {
  expect(areRequests([request, { ...request, configured: { 'transfer-out': 2 } }])).toBe(true);
  expect(areReleases([release, { ...release, keep: ['transfer-out'] }])).toBe(true);
});

const answer = { resource: 'pve1', epoch: 'e', seq: 1, granted: true, position: 0, waiting: 0, reason: '1 of 2' };
test.each<[unknown, boolean]>([
  [answer, true], [{ ...answer, limited: ['transfer-out'] }, true], [undefined, false], [[answer], false], [{ ...answer, granted: 'yes' }, false], [{ ...answer, limited: 'all' }, false], [{ ...answer, seq: undefined }, false],
])('an answer %j: %s', (raw, is) => expect(isAnswer(raw)).toBe(is));

test.each<[unknown]>([
  [undefined], [null], ['pve1'], [request], [[null]], [[{ ...request, pools: ['sideways'] }]], [[{ ...request, pools: undefined }]], [[{ ...request, seq: '1' }]], [[{ ...request, sinceMs: NaN }]],
  [[{ ...request, resource: '' }]], [[{ ...request, configured: { sideways: 1 } }]], [[{ ...request, configured: { 'transfer-out': 'two' } }]], [[request, {}]],
])('%j asks for nothing', (raw) => expect(areRequests(raw)).toBe(false));

test.each<[unknown]>([[undefined], [{}], [[{ ...release, keep: undefined }]], [[{ ...release, keep: ['sideways'] }]], [[{ ...release, epoch: 7 }]], [[{ ...release, seq: null }]]])('%j gives nothing back', (raw) => expect(areReleases(raw)).toBe(false));
