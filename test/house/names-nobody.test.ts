import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

const home = process.env['FERRY_HOME'] as string;

/** Put together here, so that this file is clean too. */
const FORBIDDEN: readonly { readonly what: string; readonly pattern: RegExp }[] = [
  { what: 'a path of one machine', pattern: new RegExp(['/wor' + 'k/', '/home/[a-z]+/', '/Use' + 'rs/'].join('|')) },
  { what: 'a host of a package registry', pattern: new RegExp(['registry\\.npm' + 'js', 'registry\\.yarn' + 'pkg', 'py' + 'pi\\.org', 'pythonhos' + 'ted\\.org', 'proxy\\.gol' + 'ang', 'deb\\.deb' + 'ian\\.org', 'docker\\.i' + 'o/'].join('|')) },
];

const files = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: home, encoding: 'utf8' })
  .split('\0').filter((name) => name !== '' && statSync(join(home, name), { throwIfNoEntry: false })?.isFile() === true);

test.each(FORBIDDEN)('no file names $what', ({ pattern }) => {
  const found = files.flatMap((name) => readFileSync(join(home, name), 'utf8').split('\n')
    .flatMap((line, i) => (pattern.test(line) ? [`${name}:${i + 1}: ${line.trim().slice(0, 120)}`] : [])));
  expect(found).toEqual([]);
});
