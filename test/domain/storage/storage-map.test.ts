import { mapStorage, parseStorageMap } from '../../../domain/storage/storage-map.js';

describe('the storage map', () => {
  it.each([
    [undefined, 'local', 'local'], ['', 'local', 'local'], ['1', 'local', 'local'],
    ['fast', 'local', 'fast'], ['local:fast', 'local', 'fast'], ['local:fast', 'other', 'other'],
    ['local:fast,slow', 'local', 'fast'], ['local:fast,slow', 'other', 'slow'], ['slow local:fast;a1:b1', 'a1', 'b1'],
    ['a1:b1', 'constructor', 'constructor'], ['1,1', 'local', 'local'],
  ])('%j sends %s to %s', (text, source, target) => {
    expect(mapStorage(parseStorageMap(text), source)).toBe(target);
  });

  it.each([
    ['local:fast,local:slow', "duplicate mapping for source 'local'"],
    ['fast,slow', 'default target ID can only be provided once'],
    ['1,fast', 'identity mapping cannot be combined with other mappings'],
    ['a1:b1,1', 'identity mapping cannot be combined with other mappings'],
    ['lo!cal:fast', "entry 'lo!cal:fast' contains invalid ID - storage ID 'lo!cal' contains illegal characters"],
    ['local:x', "entry 'local:x' contains invalid ID - storage ID 'x' contains illegal characters"],
    ['a1:b1:c1', "entry 'a1:b1:c1' contains invalid ID - storage ID 'a1:b1:c1' contains illegal characters"],
    ['2', "entry '2' contains invalid ID - storage ID '2' contains illegal characters"],
  ])('%j is refused as PVE does', (text, cause) => {
    expect(() => parseStorageMap(text)).toThrow(expect.objectContaining({ code: 'InvalidInput', message: `failed to parse storage map: ${cause}` }));
  });
});
