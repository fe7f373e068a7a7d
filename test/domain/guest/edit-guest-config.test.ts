import fc from 'fast-check';
import { editGuestConfig } from '../../../domain/guest/edit-guest-config.js';

describe('editGuestConfig', () => {
  it.each([
    ['a key that is there keeps its place', 'a: 1\nb: 2\nc: 3\n', { set: { b: 'x' } }, 'a: 1\nb: x\nc: 3\n'],
    ['a new key goes to the end of the current section', 'a: 1\n\n[s]\na: 1\n', { set: { b: 'x' } }, 'a: 1\nb: x\n\n[s]\na: 1\n'],
    ['only the current section changes', 'a: 1\n[PENDING]\na: 2\n[s]\na: 3\n', { delete: ['a'] }, '[PENDING]\na: 2\n[s]\na: 3\n'],
    ['a file without a last newline', 'a: 1', { set: { b: '2' } }, 'a: 1\nb: 2'],
    ['an empty file', '', { set: { b: '2' } }, 'b: 2\n'],
    ['a key written twice is written once afterwards', 'a: 1\na: 2\n', { set: { a: '3' } }, 'a: 3\n'],
    ['a description that looks like a key', '#a: 1\na: 2\n', { delete: ['a'] }, '#a: 1\n'],
    ["a container's root file system, LXC's own lines kept", 'rootfs: local:1/a.raw\nlxc.cap.drop: x\nlxc.cap.drop: y\n\n[pve:pending]\nrootfs: b\n', { set: { rootfs: 'fast:1/a.raw,size=1G', lock: 'migrate' } },
      'rootfs: fast:1/a.raw,size=1G\nlxc.cap.drop: x\nlxc.cap.drop: y\nlock: migrate\n\n[pve:pending]\nrootfs: b\n'],
    ['deleting what is not there', 'a: 1\n', { delete: ['b'] }, 'a: 1\n'],
  ])('%s', (_title, before, edit, after) => {
    expect(editGuestConfig(before, edit)).toBe(after);
  });

  it.each([['a', 'x\ny: z'], ['a', ''], ['a', ' x'], ['A', 'x'], ['[a]', 'x'], ['#a', 'x'], ['a b', 'x']])('refuses %j: %j, which would not be read back', (key, value) => {
    expect(() => editGuestConfig('', { set: { [key]: value } })).toThrow(expect.objectContaining({ code: 'Internal' }));
  });

  const line = fc.oneof(
    fc.constantFrom('', '# a comment', '#lock: x', 'args: -foo bar', 'unknown-key: 1', 'broken line', '  odd', 'name: web\t', '\r', 'lxc.cap.drop: sys_admin', 'lxc.mount.entry = a b'),
    fc.stringMatching(/^[a-k][a-z_-]{0,5}\d?: [!-~]{1,9}$/),
  );
  const sections = fc.array(fc.tuple(fc.constantFrom('[PENDING]', '[snap1]', '[special:cloudinit]'), fc.array(line)));
  const texts = fc.tuple(fc.array(line), sections, fc.boolean()).map(([main, others, ended]) => [...main, ...others.flatMap(([head, lines]) => [head, ...lines])].join('\n') + (ended ? '\n' : ''));

  it('leaves every other byte alone: setting a new key and deleting it again restores any text', () => {
    fc.assert(fc.property(texts, (text) => {
      const locked = editGuestConfig(text, { set: { lock: 'migrate' } });
      expect(locked).not.toBe(text);
      expect(editGuestConfig(locked, { delete: ['lock'] })).toBe(text);
    }));
  });

  it('keeps all other lines, in order', () => {
    fc.assert(fc.property(texts, (text) => {
      const lines = editGuestConfig(text, { set: { name: 'new' }, delete: ['unknown-key'] }).split('\n');
      const end = text.split('\n').findIndex((written) => written.startsWith('['));
      const survives = (written: string, index: number): boolean => (end !== -1 && index >= end) || !/^(name|unknown-key):/.test(written);
      const inMain = lines.indexOf('name: new');
      const others = text.split('\n').filter(survives);
      const kept = lines.filter((_, index) => index !== inMain);
      expect(kept.filter((written) => written !== '')).toEqual(others.filter((written) => written !== ''));
    }));
  });
});
