import { percentOf, renderBytes, renderDuration, renderLimit, renderPercent, renderRate } from '../../domain/units.js';

describe('units', () => {
  test.each([
    [0, '0.0 B'],
    [512, '512.0 B'],
    [1023, '1023.0 B'],
    [1024, '1.0 KiB'],
    [1024 ** 2 - 1, '1.0 MiB'],
    [536_870_912, '512.0 MiB'],
    [1.5 * 1024 ** 3, '1.5 GiB'],
    [3 * 1024 ** 6, '3072.0 PiB'],
    [-5, '0.0 B'],
  ])('%d bytes read %s', (bytes, text) => expect(renderBytes(bytes)).toBe(text));

  test.each([
    [0, '0 ms'],
    [0.44, '0.4 ms'],
    [4, '4 ms'],
    [9.96, '10 ms'],
    [38.2, '38 ms'],
    [999.6, '1.0 s'],
    [4230, '4.2 s'],
    [59_949, '59.9 s'],
    [59_960, '1 min 00 s'],
    [65_000, '1 min 05 s'],
    [3_599_600, '1 h 00 min'],
    [7_380_000, '2 h 03 min'],
  ])('%d ms read %s', (ms, text) => expect(renderDuration(ms)).toBe(text));

  test.each([
    [0, 0, 100],
    [999, 1000, 99],
    [1000, 1000, 100],
    [2000, 1000, 100],
    [-1, 1000, 0],
  ])('%d of %d is %d %%', (done, total, percent) => {
    expect(percentOf(done, total)).toBe(percent);
    expect(renderPercent(done, total)).toBe(`${percent} %`);
  });

  test('a rate has a unit, no limit says so', () => {
    expect(renderRate(2048)).toBe('2.0 KiB/s');
    expect(renderLimit(2048)).toBe('2.0 KiB/s');
    expect(renderLimit(null)).toBe('unlimited');
  });
});
