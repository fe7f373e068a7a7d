import { cableEnds, layoutOf, nodeAddress, nodeNames } from '../../lab/layout.js';

const env = { FERRY_HOME: '/project' };

test('the state directory is the given one, else FERRY_LAB_DIR, else var/lab of the project', () => {
  expect(layoutOf('/tmp/a', { ...env, FERRY_LAB_DIR: '/tmp/b' }).dir).toBe('/tmp/a');
  expect(layoutOf(undefined, { ...env, FERRY_LAB_DIR: '/tmp/b' }).dir).toBe('/tmp/b');
  expect(layoutOf(undefined, env).dir).toBe('/project/var/lab');
});

test('labs in different directories share no name', () => {
  const [a, b] = [layoutOf('/tmp/a', env), layoutOf('/tmp/b', env)];
  expect(a.id).toMatch(/^[0-9a-f]{6}$/);
  expect(a.id).not.toBe(b.id);
  expect(layoutOf('/tmp/x/../a', env).id).toBe(a.id);
  expect(cableEnds(a, 'pve2', 'mig')).toEqual([{ namespace: `fl${a.id}-sw`, device: 'pve2-mig' }, { namespace: `fl${a.id}-pve2`, device: 'eth1' }]);
});

test.each(['/run/lab', '/dev/shm/lab', '/etc/ssh', '/var/lib/lxc/x'])('%s is refused: nodes have a directory of their own there', (dir) => {
  expect(() => layoutOf(dir, env)).toThrow(/FERRY_LAB_DIR/);
});

test('nodes are numbered from one, and so are their addresses', () => {
  expect(nodeNames(2)).toEqual(['pve1', 'pve2']);
  expect(nodeAddress('pve12', 'mig')).toBe('10.10.10.12');
});
