import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const HOME = join(__dirname, '../..');
const read = (...path: string[]): string => readFileSync(join(HOME, ...path), 'utf8');
const all = (folder: string): string => readdirSync(join(HOME, folder), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts')).map((name) => read(folder, name)).join('\n');
/** As in a sentence: a quote inside a string is not escaped there. */
const source = ['domain', 'hypervisor', 'cluster'].map(all).join('\n').replaceAll("\\'", "'");
const tests = all('test/domain/prerequisites') + all('test/domain/network') + all('test/domain/edge');
const rows = read('docs', 'preconditions.md').split('\n').filter((line) => /^\| `/.test(line)).map((line) => line.split(' | ').map((cell) => cell.replace(/^\| |\|$/g, '').trim()));
const quoted = (cell = ''): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, text]) => String(text));

test('the page has rows', () => {
  expect(rows.length).toBeGreaterThan(35);
});

test.each(rows.flatMap(([texts]) => quoted(texts)))("PVE's words are in ours: %s", (text) => {
  const pieces = text.split(/\{\w+\}/).map((piece) => piece.trim()).filter((piece) => piece.length > 3);
  expect(pieces.length).toBeGreaterThan(0);
  expect(pieces.filter((piece) => !source.includes(piece))).toEqual([]);
});

test.each(rows.flatMap(([, codes]) => quoted(codes)).filter((code) => /^[a-z]/.test(code)))('%s is a refusal that a test expects', (code) => {
  expect(tests).toContain(`'${code}'`);
});
