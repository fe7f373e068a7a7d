import { PROBE_FILE } from '../../hypervisor/node/kvm-probe.js';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createFileJournal } from '../../hypervisor/journal/file-journal.js';
import { ctRunsOn } from '../../lab/ct.js';
import type { Lab } from '../../lab/lab.js';
import { readStorages } from '../../lab/pve-root.js';

export type GuestKind = 'qemu' | 'lxc';

export interface Expectation {
  /** Default: a VM. */
  readonly kind?: GuestKind;
  /** Whether it runs on its owner; null: nobody asks. Default true. */
  readonly runs?: boolean | null;
}

/** What carries memory or volumes from node to node, and nothing else in a lab. */
const CARRIERS = /\bssh .*-L |\brsync\b|qemu-nbd|qemu-img|socat/;

/**
 * Everything a migration of this guest may have forgotten, on every node and in the cluster file system: one sentence
 * each. `owner`: the node that may hold the guest, its network cards and disks.
 */
export async function leftovers(lab: Lab, vmid: number, owner: string, { kind = 'qemu', runs = true }: Expectation = {}): Promise<string[]> {
  const found: string[] = [];
  for (const node of lab.nodes) {
    const processes = await outputOf(lab, node, ['ps', '-eo', 'pid=,args=']);
    const expected = node === owner ? runs : false;
    const copies = kind === 'lxc' ? Number(ctRunsOn(lab.layout, vmid, node)) : processes.filter((line) => /qemu-system/.test(line) && line.includes(`/${vmid}.pid`)).length;
    if (expected !== null && copies !== Number(expected)) found.push(`${node}: ${copies} copies of guest ${vmid} run, expected ${Number(expected)}`);
    found.push(...processes.filter((line) => CARRIERS.test(line)).map((line) => `${node}: process left: ${line.trim()}`));
    // Every agent probes KVM for the first seconds of its life, no matter what migrates.
    const sockets = await outputOf(lab, node, ['find', '/run/ferry', '-mindepth', '1', '!', '-name', PROBE_FILE]);
    found.push(...sockets.map((path) => `${node}: ${path} left`));
    const ports = (await outputOf(lab, node, ['ss', '-Hltn'])).filter((line) => /:60\d\d\d\b/.test(line));
    found.push(...ports.map((line) => `${node}: port left: ${line.trim()}`));
    if (node !== owner) found.push(...await guestLeftovers(lab, vmid, node));
    const open = await createFileJournal(join(lab.dir, 'nodes', node, 'ferry', 'journal')).openEntries();
    found.push(...open.filter((entry) => entry.vmid === vmid).map((entry) => `${node}: journal of ${entry.epoch} still open`));
  }
  found.push(...await clusterLeftovers(lab, vmid, owner, kind), ...await volumeLeftovers(lab, vmid, owner, kind));
  return found;
}

export async function configText(lab: Lab, vmid: number, kind: GuestKind = 'qemu'): Promise<{ node: string; text: string }> {
  const owners: { node: string; text: string }[] = [];
  for (const node of lab.nodes) {
    const text = await readFile(configFile(lab, vmid, node, kind), 'utf8').catch(() => null);
    if (text !== null) owners.push({ node, text });
  }
  const [only] = owners;
  if (only === undefined || owners.length > 1) throw new Error(`expected one config of guest ${vmid}, got ${owners.length}`);
  return only;
}

export const configFile = (lab: Lab, vmid: number, node: string, kind: GuestKind): string =>
  join(lab.dir, 'pve', 'nodes', node, kind === 'lxc' ? 'lxc' : 'qemu-server', `${vmid}.conf`);

/** On a node that has nothing of the guest any more: its network cards, and what is mounted for it. */
async function guestLeftovers(lab: Lab, vmid: number, node: string): Promise<string[]> {
  const cards = (await outputOf(lab, node, ['ip', '-o', 'link'])).filter((line) => line.includes(`tap${vmid}i`) || line.includes(`veth${vmid}i`));
  const mounts = (await outputOf(lab, node, ['cat', '/proc/mounts'])).map((line) => line.split(' ')[1] ?? '').filter((path) => path.includes(`/${vmid}/`));
  return [...cards.map((line) => `${node}: network card left: ${line.trim()}`), ...mounts.map((path) => `${node}: mounted for guest ${vmid}: ${path}`)];
}

async function clusterLeftovers(lab: Lab, vmid: number, owner: string, kind: GuestKind): Promise<string[]> {
  const { node, text } = await configText(lab, vmid, kind);
  return [
    ...(node === owner ? [] : [`config is on ${node}, expected ${owner}`]),
    ...(/^lock:/m.test(text) ? ['config still locked'] : []),
    ...(await entriesOf(join(lab.dir, 'pve', 'priv', 'ferry', String(vmid)))).map((file) => `token folder: ${file} left`),
  ];
}

/** What lies in the guest's image folders and its config does not name. */
async function volumeLeftovers(lab: Lab, vmid: number, owner: string, kind: GuestKind): Promise<string[]> {
  const { text } = await configText(lab, vmid, kind);
  const found: string[] = [];
  for (const { id, shared, path } of readStorages(lab.layout)) {
    for (const node of shared ? [owner] : lab.nodes) {
      for (const file of await outputOf(lab, node, ['find', join(path ?? '', 'images', String(vmid)), '-mindepth', '1', '-maxdepth', '1', '-printf', '%f\n'])) {
        if (node !== owner || !text.includes(`${id}:${vmid}/${file}`)) found.push(`${node}: volume ${id}:${vmid}/${file} left`);
      }
    }
  }
  return found;
}

const entriesOf = (path: string): Promise<string[]> => readdir(path).catch(() => []);

async function outputOf(lab: Lab, node: string, argv: readonly string[]): Promise<string[]> {
  const { stdout } = await lab.exec(node, argv);
  return stdout.split('\n').filter((line) => line.trim() !== '');
}
