import { judgeSilence } from '../../../domain/silence/judge.js';
import { silencePolicy } from '../../../domain/silence/policy.js';
import { observe, type Observation, type Seen, type StreamNow } from '../../../domain/silence/seen.js';

const POLICY = silencePolicy();
const MIB = 2 ** 20;
const memory: StreamNow = { name: 'memory', movedBytes: 0, leftBytes: 100 * MIB, wanted: true, acknowledged: false, limitBytesPerSecond: null, burstBytes: MIB };
const disk: StreamNow = { ...memory, name: 'scsi0', acknowledged: true };

type Look = Partial<Omit<Observation, 'atMs' | 'streams'>> & { readonly streams?: readonly StreamNow[] };

/** A look each half second; what a look does not say is as healthy as can be. */
function after(seconds: number, at: (second: number) => Look): Seen {
  let seen: Seen | null = null;
  for (let ms = 0; ms <= seconds * 1000; ms += 500) {
    const look = at(ms / 1000);
    seen = observe(seen, { atMs: 10_000 + ms, qemuAnsweredAtMs: 10_000 + ms, heardAtMs: 10_000 + ms, streams: [], ...look });
  }
  return seen as Seen;
}

const judged = (seconds: number, at: (second: number) => Look): string => judgeSilence(after(seconds, at), POLICY, 'pve2').verdict;
const moving = (stream: StreamNow, untilSecond: number) => (second: number): StreamNow => ({ ...stream, movedBytes: Math.min(second, untilSecond) * MIB });
const heardUntil = (second: number): number => 10_000 + second * 1000;

describe('a migration in which everything moves', () => {
  test.each<readonly [string, (second: number) => Look]>([
    ['memory moves', (s) => ({ streams: [moving(memory, 60)(s)] })],
    ['memory is held by us and does not move', () => ({ streams: [{ ...memory, wanted: false }] })],
    ['a mirror has nothing to send', () => ({ streams: [{ ...disk, wanted: false, leftBytes: 0 }] })],
    ['nothing is copied yet, the target answers', () => ({})],
    ['a limit of 64 KiB/s explains a pause of 16 s', () => ({ streams: [{ ...memory, limitBytesPerSecond: 65_536 }] })],
    ['the target is mute but takes what a mirror sends', (s) => ({ heardAtMs: heardUntil(0), streams: [moving(disk, 60)(s)] })],
    ['a stream stands still for 2 s at a time', (s) => ({ streams: [{ ...memory, movedBytes: Math.floor(s / 2) }] })],
  ])('%s: alive after 15 s', (_title, at) => {
    expect(judged(15, at)).toBe('alive');
  });
});

describe('silence is noticed after 3 s and ends the migration after 6 s', () => {
  test.each<readonly [string, (second: number) => Look, RegExp]>([
    ['memory stops', (s) => ({ streams: [moving(memory, 4)(s)] }), /^memory has moved no byte, with 100.0 MiB left to send, for/],
    ['memory never starts', () => ({ streams: [memory] }), /^memory has moved no byte/],
    ['one mirror of two stops', (s) => ({ streams: [moving(disk, 60)(s), { ...moving(disk, 4)(s), name: 'scsi1' }] }), /^scsi1 has moved no byte/],
    ['the target is not heard of', (s) => ({ heardAtMs: heardUntil(Math.min(s, 4)), streams: [] }), /^nothing was heard from pve2 for/],
    ['the target is not heard of, and memory only fills a buffer here', (s) => ({ heardAtMs: heardUntil(Math.min(s, 4)), streams: [moving(memory, 60)(s)] }), /^nothing was heard from pve2/],
    ['the target is not heard of and its mirror stops', (s) => ({ heardAtMs: heardUntil(Math.min(s, 4)), streams: [{ ...moving(disk, 4)(s), wanted: false }] }), /^nothing was heard/],
    ["the source's own QEMU does not answer", (s) => ({ qemuAnsweredAtMs: heardUntil(Math.min(s, 4)) }), /^the source's QEMU has not answered for/],
  ])('%s', (_title, at, reason) => {
    const from = /never/.test(_title) ? 0 : 4;
    expect(judged(from + 2.5, at)).toBe('alive');
    expect(judged(from + 4, at)).toBe('silent');
    const end = judgeSilence(after(from + 6.5, at), POLICY, 'pve2');
    expect(end.verdict).toBe('abort');
    expect(end.reason).toMatch(reason);
  });

  test('the longest silence gives the reason', () => {
    const seen = after(10, (s) => ({ heardAtMs: heardUntil(0), streams: [moving(memory, 2)(s)] }));
    expect(judgeSilence(seen, POLICY, 'pve2').reason).toBe('nothing was heard from pve2 for 10.0 s');
  });

  test('a stream is counted from when it wants to move', () => {
    expect(judged(10, (s) => ({ streams: [{ ...memory, wanted: s >= 5 }] }))).toBe('silent');
    expect(judged(12, (s) => ({ streams: [{ ...memory, wanted: s >= 5 }] }))).toBe('abort');
  });
});

test('an observer that stood still itself accuses nobody', () => {
  const before = after(3, () => ({ streams: [memory] }));
  const thawed = observe(before, { atMs: 60_000, qemuAnsweredAtMs: 13_000, heardAtMs: 13_000, streams: [memory] });
  expect(judgeSilence(thawed, POLICY, 'pve2').verdict).toBe('alive');
  const later = observe(thawed, { atMs: 62_000, qemuAnsweredAtMs: 62_000, heardAtMs: 13_000, streams: [memory] });
  expect(judgeSilence(later, POLICY, 'pve2').verdict).toBe('alive');
});

test.each([[1, 1000, 1000], [3, 3000, 3000], [6, 3000, 6000], [60, 3000, 60_000]])('a time-out of %i s: noticed after %i ms, given up after %i ms', (seconds, noticedAfterMs, abortAfterMs) => {
  expect(silencePolicy(seconds)).toEqual({ noticedAfterMs, abortAfterMs });
});
