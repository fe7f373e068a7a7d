import { parseEvacuationRequest } from '../../../domain/edge/evacuation-request.js';

const BASE = {
  node: 'pve1', approval: false, dryRun: false, spareMemoryPercent: 10, restartContainers: true, offlineShutdown: false, parking: false, concurrency: 2, canary: 0,
  failureBudget: 2, applicationTagPrefix: 'app-', atWindowClose: 'finish', skip: [], requestedBy: 'unknown',
};

const messageFor = (raw: unknown): string => {
  try {
    parseEvacuationRequest(raw);
  } catch (error) {
    expect(error).toMatchObject({ code: 'InvalidInput' });
    return (error as Error).message;
  }
  return '';
};

describe('parseEvacuationRequest', () => {
  it.each([
    ['the least', {}, {}],
    ['lists as PVE writes them', { targets: 'pve2,pve3', skip: '101 102' }, { targets: ['pve2', 'pve3'], skip: [101, 102] }],
    ['lists', { targets: ['pve2'], skip: ['101', 102] }, { targets: ['pve2'], skip: [101, 102] }],
    ['one of a list', { target: 'pve2', skip: 101 }, { targets: ['pve2'], skip: [101] }],
    ["PVE's spellings", { 'max-workers': '4', bwlimit: '1024', migration_type: 'tls' }, { concurrency: 4, bwlimitKiBps: 1024, migrationType: 'tls' }],
    ['booleans in all spellings', { 'dry-run': 1, approval: 'yes', restart: 'off', parking: 'true' }, { dryRun: true, approval: true, restartContainers: false, parking: true }],
    ['a window', { window: ' 22:00-05:00 Europe/Berlin ', 'at-window-close': 'rollBack' }, { window: '22:00-05:00 Europe/Berlin', atWindowClose: 'rollBack' }],
    ['a health check', { health: 'http:80/ready', canary: '2' }, { healthCheck: 'http:80/ready', canary: 2 }],
    ["the guest's agent as health check", { healthCheck: 'agent' }, { healthCheck: 'agent' }],
    ['null as absent', { targets: null, window: null }, {}],
  ])('accepts %s', (_title, given, expected) => {
    expect(parseEvacuationRequest({ node: 'pve1', ...given })).toStrictEqual({ ...BASE, ...expected });
  });

  it.each([
    ['pve1', 'read request failed: expected an object such as {"node":"pve1"}, got "pve1"'],
    [{}, 'read request failed: node: expected a node name (letters, digits and inner dashes, at most 63), got nothing'],
    [{ node: 'pve1', targets: 'pve1,pve2' }, 'read request failed: targets: pve1 is the node to empty'],
    [{ node: 'pve1', targets: '' }, 'read request failed: targets: expected at least one node name, got ""'],
    [{ node: 'pve1', concurrency: 0 }, 'read request failed: concurrency: expected a whole number from 1 to 64, got 0'],
    [{ node: 'pve1', healthCheck: 'none' }, 'read request failed: healthCheck: expected tcp:<port>, http:<port>/<path> or agent, got "none"'],
    [{ node: 'pve1', window: '22:00-05:00 Mars/Base' }, `read request failed: window: expected a window such as '22:00-05:00 Europe/Berlin', got "22:00-05:00 Mars/Base"`],
    [{ node: 'pve1', window: '22:00-22:00 Europe/Berlin' }, `read request failed: window: expected a window such as '22:00-05:00 Europe/Berlin', got "22:00-22:00 Europe/Berlin"`],
    [{ node: 'pve1', window: '24:00-05:00 UTC' }, `read request failed: window: expected a window such as '22:00-05:00 Europe/Berlin', got "24:00-05:00 UTC"`],
    [{ node: 'pve1', concurency: 3 }, "read request failed: unknown key 'concurency', did you mean 'concurrency'?"],
    [{ node: 'pve1', concurrency: 1, 'max-workers': 2 }, "read request failed: concurrency is given twice, also as 'max-workers'"],
  ])('refuses %j in one sentence', (raw, message) => {
    expect(messageFor(raw)).toBe(message);
  });

  it('names every problem at once', () => {
    expect(messageFor({ node: '', bogus: 1, canary: 'x', skip: ['a'] })).toMatch(/bogus.*node.*canary.*skip\.0/s);
  });
});
