import { setTimeout as sleep } from 'node:timers/promises';
import type { Vmid } from '../../domain/ids.js';
import { generalQmpPath, type RunPaths } from '../paths.js';
import { QmpClient } from '../qemu/qmp/client.js';
import { Monitor } from '../qemu/qmp/monitor.js';

const QMP_TIMEOUT_MS = 2000;
const WATCH_SECONDS = 1;
/** QEMU takes its samples before and after. */
const POLL_MS = 200;
const POLLS = 15;

/** How fast these VMs rewrite their memory, bytes per second, all watched at once for a second. One that can't be asked is left out. */
export async function dirtyRates(vmids: readonly Vmid[], paths: RunPaths): Promise<Readonly<Record<string, number>>> {
  const rates = await Promise.all(vmids.map(async (vmid) => [vmid, await dirtyRate(vmid, paths).catch(() => null)] as const));
  return Object.fromEntries(rates.flatMap(([vmid, rate]) => (rate === null ? [] : [[String(vmid), rate]])));
}

async function dirtyRate(vmid: Vmid, paths: RunPaths): Promise<number | null> {
  await ask(vmid, paths, (monitor) => monitor.calcDirtyRate(WATCH_SECONDS));
  // The socket serves one client at a time: it is left to others meanwhile.
  await sleep(WATCH_SECONDS * 1000);
  for (let poll = 0; poll < POLLS; poll += 1) {
    const found = await ask(vmid, paths, (monitor) => monitor.queryDirtyRate());
    if (found !== null) return found.bytesPerSecond;
    await sleep(POLL_MS);
  }
  return null;
}

async function ask<T>(vmid: Vmid, paths: RunPaths, question: (monitor: Monitor) => Promise<T>): Promise<T> {
  const client = await QmpClient.connect(generalQmpPath(paths, vmid), { timeoutMs: QMP_TIMEOUT_MS });
  try {
    return await question(new Monitor(client));
  } finally {
    client.close();
  }
}
