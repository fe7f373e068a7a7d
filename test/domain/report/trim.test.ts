import { trimReport } from '../../../domain/report/trim.js';
import { rounds } from '../convergence/samples.js';
import { report } from './report.js';

const long = rounds(Array.from({ length: 200 }, () => 60)).map((sample) => ({ sample, step: { action: 'continue' as const, reason: 'it goes on' } }));

test('a long report keeps its ends and stays below what a memo may hold', () => {
  const trimmed = trimReport(report({ rounds: long, incidents: Array.from({ length: 500 }, (_, i) => `incident ${i}`) }));
  expect(trimmed.rounds).toEqual([...long.slice(0, 3), ...long.slice(-12)]);
  expect(trimmed.incidents.at(-1)).toBe('incident 499');
  expect(JSON.stringify(trimmed).length).toBeLessThan(16_384);
});

test('a short report is left as it is', () => {
  expect(trimReport(report())).toEqual(report());
});
