import { rawRequest } from '../../client/cli/request.js';

describe('options to request', () => {
  test('only what was given is sent', () => {
    expect(rawRequest('101', 'pve2', {}, 'root@pve1')).toEqual({ vmid: 101, target: 'pve2', requestedBy: 'root@pve1' });
  });

  test('numbers are numbers, with their units in the name', () => {
    const flags = { bwlimit: '1024', downtimeLimit: '50', convergenceDeadline: '60', maxCpuThrottle: '90', silenceTimeout: '9' };
    expect(rawRequest('101', 'pve2', flags, 'a@b')).toMatchObject({
      bwlimitKiBps: 1024, downtimeLimitMs: 50, convergenceDeadlineSeconds: 60, maxCpuThrottlePercent: 90, silenceTimeoutSeconds: 9,
    });
  });

  test('what is no number goes to the parser as typed', () => {
    expect(rawRequest('web', 'pve2', { bwlimit: '10M' }, 'a@b')).toMatchObject({ vmid: 'web', bwlimitKiBps: '10M' });
  });
});
