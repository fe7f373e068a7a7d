import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const folder = join(process.env['FERRY_HOME'] as string, 'workflows');
const PROXIES = 'proxies.ts';
const sources = existsSync(folder)
  ? readdirSync(folder, { recursive: true }).map(String).filter((name) => name.endsWith('.ts')).map((name) => ({ name, text: readFileSync(join(folder, name), 'utf8') }))
  : [];

test('activities are proxied in one file only', () => {
  const elsewhere = sources.filter(({ name, text }) => name !== PROXIES && /\bproxy(Local)?Activities\b/.test(text)).map(({ name }) => name);
  expect(elsewhere).toEqual([]);
});

test('every proxied activity is waited for when it is cancelled, so that an undo never overtakes what it undoes', () => {
  const text = sources.find(({ name }) => name === PROXIES)?.text ?? '';
  const calls = text.split(/\bproxyActivities(?:<[^(]*>)?\(/).slice(1);
  expect(calls.length).toBeGreaterThan(0);
  for (const call of calls) expect(call).toContain('cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED');
});
