import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig, loadNodeConfig } from '../../workers/config.js';

let file: string;
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'config-'));
  file = join(folder, 'ferry.json');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const ABOVE = { FERRY_PVE_ROOT: '/lab/pve', FERRY_STATE_DIR: '/lab/state', FERRY_NODE: 'pve3' };

test('the environment stands above the file, and what hangs on a key follows it', async () => {
  await writeFile(file, JSON.stringify({ node: 'pve1', pveRoot: '/etc/pve', stateDir: '/var/lib/ferry', runDir: '/r' }));
  expect(await loadNodeConfig({ FERRY_CONFIG: file, ...ABOVE })).toMatchObject({
    node: 'pve3', pveRoot: '/lab/pve', stateDir: '/lab/state', runDir: '/r', ssh: { knownHostsFile: '/lab/pve/priv/known_hosts' },
  });
});

test('a variable that is empty says nothing', async () => {
  await writeFile(file, JSON.stringify({ node: 'pve1' }));
  expect(await loadNodeConfig({ FERRY_CONFIG: file, FERRY_NODE: '', FERRY_PVE_ROOT: '' })).toMatchObject({ node: 'pve1', pveRoot: '/etc/pve' });
});

test('without a file the environment is enough', async () => {
  expect(await loadNodeConfig(ABOVE)).toMatchObject({ node: 'pve3', pveRoot: '/lab/pve' });
  expect(await loadConfig({ FERRY_PVE_ROOT: '/lab/pve' })).toMatchObject({ pveRoot: '/lab/pve' });
  await expect(loadNodeConfig({})).rejects.toThrow('expected `node` (this node\'s name in the cluster), got nothing; write it to /etc/ferry/ferry.json, or set FERRY_NODE');
});

test.each([
  ['a file that was named and is not there', null, {}, /no such file/],
  ['a file that is no JSON', '{', {}, /ferry\.json: .*JSON/],
  ['a file that is no object', '[]', ABOVE, /expected an object, got \[\]/],
  ['a variable that is no path', '{}', { FERRY_STATE_DIR: 'state' }, /stateDir: expected an absolute path, got "state"/],
  ['a variable that is no name of a node', '{}', { FERRY_NODE: 'a_b' }, /node: expected a node name/],
])('refuses %s', async (_title, text, env, message) => {
  if (text !== null) await writeFile(file, text);
  await expect(loadConfig({ FERRY_CONFIG: file, ...env })).rejects.toThrow(message);
});
