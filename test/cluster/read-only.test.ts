import { makePveRoot, type PveRoot } from './support/pve-root.js';
import { startRacers, type Racers } from './support/racers.js';

/** Real mounts, in a mount namespace of the child's own: read-only, as a cluster without quorum, and full. */
const UNSHARE = ['unshare', '--mount', ...(process.getuid?.() === 0 ? [] : ['--map-root-user'])];
const EPOCH = 'epoch-1';
const OWNER = { epoch: EPOCH, workflowId: 'w', requestedBy: 'me', since: '2026-01-01T00:00:00.000Z' };

let root: PveRoot;
let racers: Racers;
const ask = async (question: Record<string, unknown>): Promise<unknown> => racers.all[0]?.ask(question);

beforeEach(async () => {
  root = makePveRoot();
  root.write('nodes/pve1/qemu-server/101.conf', 'name: a\n');
  racers = await startRacers(1, `
    import { execFileSync } from 'node:child_process';
    import { createCommitToken } from './cluster/commit-token.js';
    import { createGuestConfigStore } from './cluster/guest-config-store.js';
    import { createGuestLock } from './cluster/guest-lock.js';
  `, `async (q: { do: string; args: unknown[] }) => {
    const root = ${JSON.stringify(root.path)};
    const configs = createGuestConfigStore(root);
    const parts: Record<string, object> = { token: createCommitToken(root), configs, lock: createGuestLock(root, configs) };
    if (q.do === 'mount') return void execFileSync('mount', q.args as string[]);
    const [part, method] = q.do.split('.') as [string, string];
    return Reflect.apply(Reflect.get(parts[part]!, method), undefined, q.args);
  }`, UNSHARE);
});
afterEach(async () => {
  await racers.stop();
  root.remove();
});

const freeze = async (): Promise<void> => {
  await ask({ do: 'mount', args: ['--bind', root.path, root.path] });
  await ask({ do: 'mount', args: ['-o', 'remount,bind,ro', root.path] });
};
const readOnly = { code: 'ClusterReadOnly', message: expect.stringContaining('read-only') as unknown };

describe('a cluster file system without quorum', () => {
  it('lets nobody decide, prove that a decision could be written, or change a config', async () => {
    await ask({ do: 'token.create', args: [101, EPOCH] });
    await freeze();
    for (const [does, args] of [
      ['token.decide', [101, EPOCH, 'committed']], ['token.decide', [101, EPOCH, 'aborted']], ['token.probeWritable', [101]], ['token.create', [101, 'other']],
      ['token.forget', [101, EPOCH]], ['configs.write', [101, 'qemu', 'pve1', 'x']], ['configs.move', [101, 'qemu', 'pve1', 'pve2']], ['lock.take', [101, 'pve1', OWNER]],
    ] as const) expect([does, await ask({ do: does, args })]).toEqual([does, expect.objectContaining(readOnly)]);
    expect(await ask({ do: 'token.read', args: [101, EPOCH] })).toBe('undecided');
    expect(root.ferryFiles(101)).toEqual([`${EPOCH}.made`, `${EPOCH}.undecided`]);
  });

  it('does not say that there is no token: this node may not have seen it yet', async () => {
    await freeze();
    expect(await ask({ do: 'token.read', args: [101, EPOCH] })).toMatchObject(readOnly);
    expect(await ask({ do: 'token.decide', args: [101, EPOCH, 'aborted'] })).toMatchObject(readOnly);
  });

  it('still says what was decided', async () => {
    await ask({ do: 'token.create', args: [101, EPOCH] });
    await ask({ do: 'token.decide', args: [101, EPOCH, 'committed'] });
    await freeze();
    expect(await ask({ do: 'token.decide', args: [101, EPOCH, 'aborted'] })).toBe('committed');
  });
});

describe('a full cluster file system', () => {
  it('is reported as one that can take no decision', async () => {
    await ask({ do: 'mount', args: ['-t', 'tmpfs', '-o', 'nr_inodes=3', 'tmpfs', `${root.path}/priv`] });
    expect(await ask({ do: 'token.create', args: [101, EPOCH] })).toMatchObject({ code: 'ClusterReadOnly', message: expect.stringContaining('is full') as unknown });
  });
});

