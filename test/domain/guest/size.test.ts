import fc from 'fast-check';
import { formatSize, parseSize } from '../../../domain/guest/size.js';

describe('PVE sizes', () => {
  it.each([['8G', 8_589_934_592], ['528K', 540_672], ['4M', 4_194_304], ['2T', 2_199_023_255_552], ['512', 512], ['1.5G', 1_610_612_736], ['0', 0]])('%s is %d bytes', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });

  it.each(['', '8g', '8 G', '-1G', 'G', '8GB', '1e3'])('%j is not a size', (text) => {
    expect(parseSize(text)).toBeNull();
  });

  it.each([[8_589_934_592, '8G'], [540_672, '528K'], [1000, '1000'], [1_610_612_736, '1536M'], [0, '0'], [1024 ** 5, '1024T']])('%d bytes are written %s', (bytes, text) => {
    expect(formatSize(bytes)).toBe(text);
  });

  it('are read back exactly', () => {
    fc.assert(fc.property(fc.nat({ max: Number.MAX_SAFE_INTEGER }), (bytes) => expect(parseSize(formatSize(bytes))).toBe(bytes)));
  });
});
