import { mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createCommitToken } from '../../cluster/commit-token.js';
import { makePveRoot, type PveRoot } from './support/pve-root.js';

const EPOCH = '5f0a1c2e-0000-4000-8000-000000000001';
let root: PveRoot;
beforeEach(() => { root = makePveRoot(); });
afterEach(() => root.remove());
const file = (name: string): string => join(root.path, 'priv/ferry/101', name);

describe('the commit token', () => {
  it('is made once, readable by root only', async () => {
    const token = createCommitToken(root.path);
    await token.create(101, EPOCH);
    await token.create(101, EPOCH);
    expect(root.ferryFiles(101)).toEqual([`${EPOCH}.made`, `${EPOCH}.undecided`]);
    expect(statSync(file(`${EPOCH}.undecided`)).mode & 0o777).toBe(0o600);
    expect(statSync(file('.')).mode & 0o777).toBe(0o700);
    expect(await token.read(101, EPOCH)).toBe('undecided');
  });

  it.each(['committed', 'aborted'] as const)('once %s, every later decision learns it and nothing changes', async (first) => {
    const token = createCommitToken(root.path);
    await token.create(101, EPOCH);
    expect(await token.decide(101, EPOCH, first)).toBe(first);
    for (const wanted of ['committed', 'aborted', first] as const) expect(await token.decide(101, EPOCH, wanted)).toBe(first);
    expect(await token.read(101, EPOCH)).toBe(first);
    expect(root.ferryFiles(101)).toEqual([`${EPOCH}.${first}`, `${EPOCH}.made`]);
  });

  it('is not made again after the decision', async () => {
    const token = createCommitToken(root.path);
    await token.create(101, EPOCH);
    await token.decide(101, EPOCH, 'committed');
    await token.create(101, EPOCH);
    expect(root.ferryFiles(101)).toEqual([`${EPOCH}.committed`, `${EPOCH}.made`]);
    expect(await token.decide(101, EPOCH, 'aborted')).toBe('committed');
  });

  it('waits for another attempt that is just making it', async () => {
    const token = createCommitToken(root.path);
    await token.create(101, EPOCH);
    renameSync(file(`${EPOCH}.undecided`), file('elsewhere'));
    const late = token.create(101, EPOCH);
    renameSync(file('elsewhere'), file(`${EPOCH}.undecided`));
    await late;
    expect(await token.read(101, EPOCH)).toBe('undecided');
  });

  it('refuses an epoch whose maker died between marker and token: nobody can know whether it will still make it', async () => {
    mkdirSync(file('.'), { recursive: true });
    writeFileSync(file(`${EPOCH}.made`), '');
    await expect(createCommitToken(root.path).create(101, EPOCH)).rejects.toMatchObject({ code: 'StaleEpoch' });
    expect(await createCommitToken(root.path).read(101, EPOCH)).toBe('none');
  });

  it('says none where there is none, and leaves no folder behind', async () => {
    const token = createCommitToken(root.path);
    expect(await token.read(101, EPOCH)).toBe('none');
    expect(await token.decide(101, EPOCH, 'aborted')).toBe('none');
    expect(root.ferryFiles(101)).toEqual([]);
    expect(() => statSync(file('.'))).toThrow('ENOENT');
  });

  it('keeps epochs apart', async () => {
    const token = createCommitToken(root.path);
    await token.create(101, EPOCH);
    await token.create(101, 'other');
    await token.decide(101, 'other', 'aborted');
    expect(await token.decide(101, EPOCH, 'committed')).toBe('committed');
    expect(await token.read(101, 'other')).toBe('aborted');
  });

  it('is forgotten with everything of its epoch, and the folder with it; twice is no error', async () => {
    const token = createCommitToken(root.path);
    await token.create(101, EPOCH);
    await token.createSecret(101, EPOCH);
    writeFileSync(file('left-by-a-crash.tmp'), '');
    await token.decide(101, EPOCH, 'aborted');
    await token.forget(101, EPOCH);
    await token.forget(101, EPOCH);
    expect(() => statSync(file('.'))).toThrow('ENOENT');
  });

  it('never says none while the cluster file system is not mounted', async () => {
    rmSync(join(root.path, 'priv'), { recursive: true });
    const token = createCommitToken(root.path);
    for (const call of [
      () => token.read(101, EPOCH), () => token.decide(101, EPOCH, 'aborted'), () => token.create(101, EPOCH), () => token.probeWritable(101),
      () => token.readSecret(101, EPOCH),
    ]) await expect(call()).rejects.toMatchObject({ code: 'ClusterReadOnly' });
    expect(() => statSync(join(root.path, 'priv'))).toThrow('ENOENT');
  });

  it('refuses an epoch that is not a plain name', async () => {
    await expect(createCommitToken(root.path).read(101, '../102/x')).rejects.toMatchObject({ code: 'Internal' });
  });

  it('stops at two decisions for one epoch, which only a person can have made', async () => {
    mkdirSync(file('.'), { recursive: true });
    for (const name of ['committed', 'aborted']) writeFileSync(file(`${EPOCH}.${name}`), '');
    await expect(createCommitToken(root.path).read(101, EPOCH)).rejects.toMatchObject({ code: 'OwnershipUnknown' });
  });

  it('probes without leaving a trace beside the token', async () => {
    const token = createCommitToken(root.path);
    await token.create(101, EPOCH);
    await token.probeWritable(101);
    expect(root.ferryFiles(101)).toEqual([`${EPOCH}.made`, `${EPOCH}.undecided`]);
  });
});

describe('the secret of an epoch', () => {
  it('is 32 random bytes in hex, made once and the same for everyone', async () => {
    const token = createCommitToken(root.path);
    const [one, two] = await Promise.all([token.createSecret(101, EPOCH), token.createSecret(101, EPOCH)]);
    expect(one).toMatch(/^[0-9a-f]{64}$/);
    expect(two).toBe(one);
    expect(await createCommitToken(root.path).readSecret(101, EPOCH)).toBe(one);
    expect(await token.createSecret(101, 'other')).not.toBe(one);
    expect(statSync(file(`${EPOCH}.key`)).mode & 0o777).toBe(0o600);
  });

  it('is made again when its maker died before writing it', async () => {
    mkdirSync(file('.'), { recursive: true });
    writeFileSync(file(`${EPOCH}.key`), '');
    const token = createCommitToken(root.path);
    const secret = await token.createSecret(101, EPOCH);
    expect(await token.readSecret(101, EPOCH)).toBe(secret);
  });

  it('cannot be read when there is none', async () => {
    await expect(createCommitToken(root.path).readSecret(101, EPOCH)).rejects.toMatchObject({ code: 'StaleEpoch' });
  });
});
