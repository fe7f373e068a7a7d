import { estimateEtaSeconds, etaSeconds } from '../../../domain/convergence/eta.js';
import { MIB } from '../../../domain/units.js';
import { rounds, sample } from './samples.js';

describe('the time that is left', () => {
  test.each([
    ['nothing is known', [], null],
    ['copying gains on the guest', [sample()], 2],
    ['the guest dirties as fast', [sample({ dirtyBytesPerSecond: 100 * MIB })], null],
    ['what remains fits the limit already', [sample({ remainingBytes: 10 * MIB, dirtyBytesPerSecond: 900 * MIB })], 0],
    ['nothing remains and nothing moves', [sample({ remainingBytes: 0, bandwidthBytesPerSecond: 0 })], 0],
    ['the last visits count more', [...rounds([500, 400], { bandwidthBytesPerSecond: 900 * MIB }), ...rounds([1000, 1000, 1000, 1000, 1000, 1000])], 11],
  ])('%s', (_title, samples, expected) => expect(estimateEtaSeconds(samples)).toBe(expected));

  test.each([
    [100, 30, 4],
    [0, 0, 0],
    [100, 0, null],
    [100, -5, null],
  ])('%d bytes at %d bytes/s', (remaining, rate, expected) => expect(etaSeconds(remaining, rate)).toBe(expected));
});
