import { driveQmpPath } from '../../../../hypervisor/paths.js';
import { QmpClient } from '../../../../hypervisor/qemu/qmp/client.js';
import { shutDownGuest } from '../../../../hypervisor/qemu/process/shut-down.js';
import { findQemu } from '../../../../hypervisor/qemu/process/identity.js';
import { startQemu } from '../../../../hypervisor/qemu/process/start.js';
import { stopQemu } from '../../../../hypervisor/qemu/process/stop.js';
import { makeNode, type NodeFixture } from '../../support/node-fixture.js';

const VMID = 990_005;
let node: NodeFixture;
beforeEach(async () => { node = await makeNode(); });
afterEach(async () => {
  await stopQemu(VMID, node.paths, { graceMs: 0 });
  await node.remove();
});

const start = (paused: boolean): ReturnType<typeof startQemu> => startQemu({ vmid: VMID, argv: node.argv(VMID, {}, { paused }), taps: [], paths: node.paths });

describe('shutDownGuest', () => {
  it('ends a guest that does not listen, after its time', async () => {
    await start(false);
    const begunAtMs = performance.now();
    expect(await shutDownGuest(VMID, node.paths, 300)).toBe('ended');
    expect(performance.now() - begunAtMs).toBeGreaterThanOrEqual(299);
    expect(findQemu(VMID, node.paths)).toBeNull();
  });

  it('ends a guest that stands still at once', async () => {
    await start(true);
    expect(await shutDownGuest(VMID, node.paths, 60_000)).toBe('ended');
  });

  it('notices a guest that powers off', async () => {
    const { pid } = await start(false);
    const client = await QmpClient.connect(driveQmpPath(node.paths, VMID), { timeoutMs: 10_000 });
    const pressed = client.waitForEvent((event) => event.event === 'POWERDOWN', 10_000);
    const shuttingDown = shutDownGuest(VMID, node.paths, 60_000);
    await pressed;
    // There is no system in this guest: QEMU ends on SIGTERM as it does when a guest has powered off.
    process.kill(pid, 'SIGTERM');
    expect(await shuttingDown).toBe('powered-off');
    client.close();
  });

  it('has nothing to do for a guest that does not run', async () => {
    expect(await shutDownGuest(VMID, node.paths, 60_000)).toBe('not-running');
  });
});
