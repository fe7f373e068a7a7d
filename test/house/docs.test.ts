import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseFerryConfig } from '../../domain/edge/ferry-config.js';
import { EXIT } from '../../client/cli/exit-codes.js';
import { ATTRIBUTES } from '../../workflows/attributes.js';

const home = process.env['FERRY_HOME'] as string;
const text = (...path: string[]): string => readFileSync(join(home, ...path), 'utf8');
const reference = text('docs', 'reference.md');
const documented = new Set([...reference.matchAll(/`([^`]+)`/g)].map(([, code]) => String(code)));

describe('docs/reference.md', () => {
  test('has every option of `ferry`', () => {
    const sources = ['program.ts', 'evacuation-commands.ts', 'evacuation-request.ts'].map((file) => text('client', 'cli', file)).join('\n');
    const options = [...sources.matchAll(/\.option\('(--[a-z-]+)/g)].map(([, option]) => String(option));
    expect(options.length).toBeGreaterThan(10);
    expect(options.filter((option) => !reference.includes(option))).toEqual([]);
  });

  test('has every exit code', () => {
    expect(Object.values(EXIT).filter((code) => !reference.includes(`\n| ${code} | `))).toEqual([]);
  });

  test('has every refusal, and no other', () => {
    const source = ['prerequisites', 'network'].flatMap((folder) => readdirSync(join(home, 'domain', folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts')).map((name) => text('domain', folder, name))).join('\n');
    const codes = [...new Set([...source.matchAll(/(?:(?:refuse|cannotMove)\(\s*|code: )'([a-z-]+)'/g)].map(([, code]) => String(code)))].sort();
    const section = reference.slice(reference.indexOf('## Refusals'), reference.indexOf('## Temporal'));
    expect([...section.matchAll(/`([a-z-]+)`/g)].map(([, code]) => String(code)).sort()).toEqual(codes);
  });

  test('has every configuration key', () => {
    const { ssh, portRange, ...rest } = parseFerryConfig({ node: 'pve1' });
    const keys = [...Object.keys(rest), ...Object.keys(ssh).map((key) => `ssh.${key}`), ...Object.keys(portRange).map((key) => `portRange.${key}`)];
    expect(keys.filter((key) => !documented.has(key))).toEqual([]);
  });

  test('has every search attribute', () => {
    expect(Object.values(ATTRIBUTES).filter(({ name }) => !documented.has(name))).toEqual([]);
  });
});

test('docs/model.md has every property and every mutant of the model, and no other', () => {
  const checks = text('model', 'checks.mjs');
  const names = [...checks.matchAll(/^ *(?:\{ (?:file: '\w+', )?claim: '\w+', titles: \{ )?(\w+): '[a-z]|mutant: '(\w+)'/gm)].map(([, property, mutant]) => String(property ?? mutant));
  expect(names.length).toBeGreaterThan(20);
  const inPage = [...text('docs', 'model.md').matchAll(/^\| ([A-Z][A-Z0-9_]*) \|/gm)].map(([, name]) => String(name));
  expect([...new Set(inPage)].sort()).toEqual([...names].sort());
});

test('the example configuration is accepted', () => {
  expect(parseFerryConfig(JSON.parse(text('deploy', 'ferry.json')))).toMatchObject({ pveRoot: '/etc/pve' });
});

const pages = ['README.md', 'CONTRIBUTING.md', ...readdirSync(join(home, 'docs'), { recursive: true }).map((name) => join('docs', String(name))).filter((name) => name.endsWith('.md'))];

test.each(pages)('%s links to files that are there', (page) => {
  const links = [...text(page).matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map(([, link]) => String(link));
  expect(links.filter((link) => !existsSync(join(home, dirname(page), link)))).toEqual([]);
});

test('CHANGELOG.md has a section for what is not released yet', () => {
  expect(text('CHANGELOG.md')).toMatch(/^## Unreleased$/m);
});
