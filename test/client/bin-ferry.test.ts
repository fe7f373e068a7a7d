import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

describe('bin/ferry', () => {
  let home: string;
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'ferry-bin-'));
    mkdirSync(join(home, 'bin'));
    mkdirSync(join(home, 'elsewhere'));
    cpSync(join(process.env['FERRY_HOME'] ?? '.', 'bin', 'ferry'), join(home, 'bin', 'ferry'));
    symlinkSync('../bin/ferry', join(home, 'elsewhere', 'ferry'));
  });
  afterEach(() => rmSync(home, { recursive: true, force: true }));

  // FERRY_NODE is a node of the cluster, not a program.
  const run = (...args: string[]) => spawnSync(join(home, 'elsewhere', 'ferry'), args, { encoding: 'utf8', env: { ...process.env, FERRY_NODE: 'pve1' } });

  test('says what to do when nothing is built', () => {
    const { status, stderr } = run('list');
    expect(status).toBe(69);
    expect(stderr).toContain('make setup');
  });

  test.each([
    ['agent', 'workers/node-agent.js', ['agent', '--x'], ['--x']],
    ['control', 'workers/control-worker.js', ['control'], []],
    ['release', 'workers/release.js', ['release', '101'], ['101']],
    ['vm', 'workers/vm.js', ['vm', 'start', '101'], ['start', '101']],
    ['everything else', 'client/main.js', ['migrate', '101', 'pve2', '--reason', 'two words'], ['migrate', '101', 'pve2', '--reason', 'two words']],
  ])('%s goes to dist/%s, through a symbolic link too', (_, entry, args, passed) => {
    mkdirSync(join(home, 'dist', entry, '..'), { recursive: true });
    writeFileSync(join(home, 'dist', entry), 'console.log(JSON.stringify([process.env.FERRY_HOME, ...process.argv.slice(2)])); process.exit(7);');
    const { status, stdout } = run(...args);
    expect(status).toBe(7);
    expect(JSON.parse(stdout)).toEqual([home, ...passed]);
  });
});
