import { MockActivityEnvironment } from '@temporalio/testing';
import { createMaintenanceActivities } from '../../activities/node/maintenance-activities.js';
import type { FenceResult } from '../../domain/contracts/fencing.js';
import { remainsOf } from '../../hypervisor/node/remains.js';

const activities = (result: FenceResult | null) => createMaintenanceActivities({ node: 'pve1', remains: () => Promise.reject(new Error('not asked')), checkHealth: () => Promise.resolve(), runHook: () => Promise.resolve(result) });
const runHook = (result: FenceResult | null): Promise<{ output: string }> => new MockActivityEnvironment().run(activities(result).runHook, { hook: 'upgrade' });

test('a hook that ends well says what it said; any other is a failure with its words', async () => {
  expect(await runHook({ done: true, sentence: '`upgrade` ended with exit code 0: fine' })).toEqual({ output: '`upgrade` ended with exit code 0: fine' });
  await expect(runHook({ done: false, sentence: '`upgrade` ended with exit code 3: no space' })).rejects.toMatchObject({ type: 'HookFailed', nonRetryable: true, message: 'run hook failed: pve1: upgrade: `upgrade` ended with exit code 3: no space' });
  await expect(runHook(null)).rejects.toMatchObject({ type: 'HookFailed', message: "run hook failed: pve1: its configuration has no hook 'upgrade'" });
});

test('what keeps a node from being empty is named, but nothing of guests that are known to stay', async () => {
  const thing = (kind: 'QEMU' | 'volume draft' | 'tap' | 'run directory', vmid: number) => ({ kind, vmid, name: `${kind} ${vmid}`, epochShort: null });
  const input = {
    guests: [108, 109], things: [thing('QEMU', 108), thing('QEMU', 110), thing('volume draft', 111), thing('tap', 112), thing('run directory', 108)],
    openEntries: [{ vmid: 113, role: 'source', epoch: 'e' }, { vmid: 108, role: 'source', epoch: 'f' }], lxcPath: '/nowhere', lxcRunDir: '/nowhere',
  };
  expect(await remainsOf({ except: [108], ...input })).toEqual({
    guests: [109], processes: ['QEMU of 110 (QEMU 110)'], volumes: ['volume draft of 111 (volume draft 111)'], reservations: ["the source's journal of 113 (e)", 'tap of 112 (tap 112)'],
  });
  expect((await remainsOf({ except: [], ...input })).guests).toEqual([108, 109]);
});
