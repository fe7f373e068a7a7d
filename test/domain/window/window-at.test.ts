import { parseWindow } from '../../../domain/window/parse-window.js';
import { windowAt } from '../../../domain/window/window-at.js';

const BERLIN = '22:00-05:00 Europe/Berlin';
const at = (text: string): number => Date.parse(text);
const hours = (from: string, window: string): number => (windowAt(window, at(from)).changesAtMs - at(from)) / 3_600_000;

test.each([
  ['an hour before it opens', '2026-01-10T20:00:00Z', BERLIN, false, '2026-01-10T21:00:00Z'],
  ['at the moment it opens', '2026-01-10T21:00:00Z', BERLIN, true, '2026-01-11T04:00:00Z'],
  ['after midnight', '2026-01-11T03:59:59Z', BERLIN, true, '2026-01-11T04:00:00Z'],
  ['at the moment it closes', '2026-01-11T04:00:00Z', BERLIN, false, '2026-01-11T21:00:00Z'],
  ['in summer', '2026-07-10T20:00:00Z', BERLIN, true, '2026-07-11T03:00:00Z'],
  ['within one day', '2026-01-10T12:30:00Z', '12:00-13:00 UTC', true, '2026-01-10T13:00:00Z'],
  ['from midnight to midnight, nearly', '2026-01-10T23:59:30Z', '00:00-23:59 UTC', false, '2026-01-11T00:00:00Z'],
  ['until midnight', '2026-01-10T23:59:30Z', '20:00-00:00 UTC', true, '2026-01-11T00:00:00Z'],
  ['far from UTC', '2026-01-10T09:00:00Z', '22:00-23:30 Pacific/Auckland', true, '2026-01-10T10:30:00Z'],
])('%s', (_when, moment, window, open, changes) => {
  expect(windowAt(window, at(moment))).toEqual({ open, changesAtMs: at(changes) });
});

describe('when the clocks change', () => {
  test('the night they go forward is an hour shorter', () => expect(hours('2026-03-28T21:00:00Z', BERLIN)).toBe(6));
  test('the night they go back is an hour longer', () => expect(hours('2026-10-24T20:00:00Z', BERLIN)).toBe(8));
  test('a window that opens in the skipped hour opens when it is skipped', () =>
    expect(windowAt('02:30-03:30 Europe/Berlin', at('2026-03-29T00:30:00Z'))).toEqual({ open: false, changesAtMs: at('2026-03-29T01:00:00Z') }));
  test('and closes by the wall clock', () =>
    expect(windowAt('02:30-03:30 Europe/Berlin', at('2026-03-29T01:00:00Z'))).toEqual({ open: true, changesAtMs: at('2026-03-29T01:30:00Z') }));
  test('a window within the skipped hour does not open that day', () =>
    expect(windowAt('02:10-02:40 Europe/Berlin', at('2026-03-29T00:30:00Z'))).toEqual({ open: false, changesAtMs: at('2026-03-30T00:10:00Z') }));
  test('a window that closes in the hour that comes twice closes the first time', () =>
    expect(windowAt('22:00-02:30 Europe/Berlin', at('2026-10-25T00:00:00Z'))).toEqual({ open: true, changesAtMs: at('2026-10-25T00:30:00Z') }));
  test('and does not open again in its repetition', () =>
    expect(windowAt('02:00-02:30 Europe/Berlin', at('2026-10-25T01:10:00Z'))).toEqual({ open: false, changesAtMs: at('2026-10-26T01:00:00Z') }));
  test('a zone whose clocks jump by half an hour', () => expect(hours('2026-10-03T13:00:00Z', '23:30-05:30 Australia/Lord_Howe')).toBe(5.5));
});

test('at every minute of a year the next change is ahead, and the state changes there', () => {
  const from = at('2026-01-01T00:00:00Z');
  for (let minute = 0; minute < 366 * 1440; minute += 1487) {
    const moment = from + minute * 60_000;
    const { open, changesAtMs } = windowAt(BERLIN, moment);
    expect(changesAtMs).toBeGreaterThan(moment);
    expect(windowAt(BERLIN, changesAtMs).open).toBe(!open);
    expect(windowAt(BERLIN, changesAtMs - 1).open).toBe(open);
  }
});

test.each([
  ['22-05 Europe/Berlin', /expected a window/], ['22:00-24:00 UTC', /expected a window/], ['22:00-22:00 UTC', /same time/], ['22:00-05:00 Europe/Berlim', /no time zone/],
])('%s is refused', (text, sentence) => expect(() => parseWindow(text)).toThrow(sentence));
