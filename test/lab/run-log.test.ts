import { RunLog } from '../../lab/run-log.js';

type Step = readonly ['began' | 'ended', string, number];

test.each<readonly [string, readonly Step[], readonly string[], number]>([
  ['one after the other', [['began', 'pve1', 0], ['ended', 'pve1', 10], ['began', 'pve2', 10]], ['pve2'], 0],
  ['there and back', [['began', 'pve1', 0], ['ended', 'pve1', 10], ['began', 'pve2', 20], ['ended', 'pve2', 30], ['began', 'pve1', 31]], ['pve1'], 0],
  ['the same node twice', [['began', 'pve1', 0], ['began', 'pve1', 5]], ['pve1'], 0],
  ['the second a moment too early', [['began', 'pve1', 0], ['began', 'pve2', 9.9], ['ended', 'pve1', 10]], ['pve2'], 1],
  ['told of in the wrong order', [['began', 'pve1', 0], ['began', 'pve2', 12], ['ended', 'pve1', 11]], ['pve2'], 0],
  ['the first comes back', [['began', 'pve1', 0], ['ended', 'pve1', 10], ['began', 'pve2', 11], ['began', 'pve1', 20], ['ended', 'pve1', 21]], ['pve2'], 1],
  ['an end that nobody began', [['ended', 'pve1', 3]], [], 0],
])('%s', (_title, steps, running, overlaps) => {
  const log = new RunLog();
  for (const [what, node, atMs] of steps) log[what](node, atMs);
  expect(log.running).toEqual(running);
  expect(log.overlaps()).toHaveLength(overlaps);
});
