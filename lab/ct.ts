import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { NodeName, Vmid } from '../domain/ids.js';
import { ctConfigText, initWords, planRootfs, type CtOptions } from './ct-config.js';
import { EXIT, LabError } from './errors.js';
import type { Layout } from './layout.js';
import { execInNode } from './node.js';
import { isAlive, readRecord } from './processes.js';
import { ctConfigFile, listCts, listVms, readStorages } from './pve-root.js';
import type { LabState } from './state.js';

/** Makes the container's root file system and its config on one node; it is not started. Throws `LabError` when the vmid is taken. */
export async function createCt(layout: Layout, state: LabState, vmid: Vmid, node: NodeName, options: CtOptions = {}): Promise<void> {
  if (!state.nodes.includes(node)) throw new LabError(`no node ${node} in this lab: it has ${state.nodes.join(', ')}`, EXIT.notThere);
  const taken = [...listVms(layout), ...listCts(layout)].find((guest) => guest.vmid === vmid);
  if (taken) throw new LabError(`guest ${vmid} exists already, on ${taken.node}`, EXIT.usage);
  const rootfs = planRootfs(vmid, options.rootfs ?? 'local:0', readStorages(layout));
  const text = ctConfigText(vmid, options, rootfs);
  const files = options.files ?? (options.dataMiB === undefined ? 0 : 1);
  const argv = ['bash', join(layout.home, 'lab/guest/ct-volume.sh'), layout.guestDir, rootfs.kind, rootfs.path, rootfs.size, initWords(options), String(files), String(options.dataMiB ?? 0)];
  const made = await execInNode(layout, state, node, argv);
  if (made.exitCode !== 0) throw new LabError(`create failed: CT ${vmid}: ${made.stderr.trim()}`);
  writeFileSync(ctConfigFile(layout, node, vmid), text);
}

/** The node whose directory holds the container's config. Throws `LabError` (exit 4). */
export function nodeOfCt(layout: Layout, vmid: Vmid): NodeName {
  const ct = listCts(layout).find((known) => known.vmid === vmid);
  if (!ct) throw new LabError(`no CT ${vmid} in this lab: make it with \`ferry-lab ct create\``, EXIT.notThere);
  return ct.node;
}

const outcome = z.object({ sentence: z.string(), state: z.string().optional(), pid: z.number().nullable().optional(), error: z.string().optional() });
export type CtOutcome = Readonly<z.infer<typeof outcome>>;

/** `ferry ct <action>` on the container's node. Throws `LabError` with its sentence when it fails. */
export async function controlCt(layout: Layout, state: LabState, vmid: Vmid, action: 'start' | 'stop' | 'status', options: readonly string[] = []): Promise<CtOutcome> {
  const argv = ['node', join(layout.home, 'dist/workers/ct.js'), action, String(vmid), '--json', ...options];
  const done = await execInNode(layout, state, nodeOfCt(layout, vmid), argv);
  const parsed = outcome.safeParse(jsonOf(done.stdout));
  if (done.exitCode === 0 && parsed.success) return parsed.data;
  throw new LabError(parsed.success ? parsed.data.sentence : `${action} failed: CT ${vmid}: exit ${done.exitCode}: ${(done.stderr || done.stdout).trim()}`);
}

/** Options as `ferry ct stop` has them: without `kill` an init that does not halt is an error, and goes on. */
export interface CtStopOptions {
  readonly timeoutSeconds?: number;
  readonly kill?: boolean;
}

export const stopWords = ({ timeoutSeconds, kill }: CtStopOptions): string[] =>
  [...(timeoutSeconds === undefined ? [] : ['--timeout', String(timeoutSeconds)]), ...(kill === true ? ['--kill'] : [])];

/** true when LXC on that node answers for this container: its command socket is there, in the node's own network namespace. */
export function ctRunsOn(layout: Layout, vmid: Vmid, node: NodeName): boolean {
  const init = readRecord(layout, `init-${node}`);
  if (init === null || !isAlive(init)) return false;
  const sockets = `/proc/${init.pid}/net/unix`;
  return existsSync(sockets) && readFileSync(sockets, 'utf8').split('\n').some((line) => line.endsWith(` @/var/lib/lxc/${vmid}/command`));
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
