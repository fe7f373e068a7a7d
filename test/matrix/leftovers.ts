import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createFileJournal } from '../../hypervisor/journal/file-journal.js';
import type { Lab } from '../../lab/lab.js';

/**
 * Everything a migration of this guest may have forgotten, on every node and in the cluster file system: one sentence
 * each. `owner`: the node that may hold the guest's QEMU, tap and disks.
 */
export async function leftovers(lab: Lab, vmid: number, owner: string): Promise<string[]> {
  const found: string[] = [];
  for (const node of lab.nodes) {
    const processes = await outputOf(lab, node, ['ps', '-eo', 'pid=,args=']);
    const qemus = processes.filter((line) => /qemu-system/.test(line) && line.includes(`/${vmid}.pid`));
    if (node === owner ? qemus.length !== 1 : qemus.length !== 0) found.push(`${node}: ${qemus.length} QEMU processes of VM ${vmid}`);
    found.push(...processes.filter((line) => /\bssh .*-L /.test(line)).map((line) => `${node}: tunnel left: ${line.trim()}`));
    const sockets = await outputOf(lab, node, ['find', '/run/ferry', '-mindepth', '1']);
    found.push(...sockets.map((path) => `${node}: ${path} left`));
    const ports = (await outputOf(lab, node, ['ss', '-Hltn'])).filter((line) => /:60\d\d\d\b/.test(line));
    found.push(...ports.map((line) => `${node}: port left: ${line.trim()}`));
    const taps = (await outputOf(lab, node, ['ip', '-o', 'link'])).filter((line) => line.includes(`tap${vmid}i`));
    if (node !== owner) found.push(...taps.map((line) => `${node}: tap left: ${line.trim()}`));
    const open = await createFileJournal(join(lab.dir, 'nodes', node, 'ferry', 'journal')).openEntries();
    found.push(...open.filter((entry) => entry.vmid === vmid).map((entry) => `${node}: journal of ${entry.epoch} still open`));
  }
  found.push(...await clusterLeftovers(lab, vmid, owner), ...await volumeLeftovers(lab, vmid, owner));
  return found;
}

export async function configText(lab: Lab, vmid: number): Promise<{ node: string; text: string }> {
  const owners: { node: string; text: string }[] = [];
  for (const node of lab.nodes) {
    const text = await readFile(join(lab.dir, 'pve', 'nodes', node, 'qemu-server', `${vmid}.conf`), 'utf8').catch(() => null);
    if (text !== null) owners.push({ node, text });
  }
  const [only] = owners;
  if (only === undefined || owners.length > 1) throw new Error(`expected one config of VM ${vmid}, got ${owners.length}`);
  return only;
}

async function clusterLeftovers(lab: Lab, vmid: number, owner: string): Promise<string[]> {
  const { node, text } = await configText(lab, vmid);
  return [
    ...(node === owner ? [] : [`config is on ${node}, expected ${owner}`]),
    ...(/^lock:/m.test(text) ? ['config still locked'] : []),
    ...(await entriesOf(join(lab.dir, 'pve', 'priv', 'ferry', String(vmid)))).map((file) => `token folder: ${file} left`),
  ];
}

/** Files in the guest's image folders that its config does not name. */
async function volumeLeftovers(lab: Lab, vmid: number, owner: string): Promise<string[]> {
  const { text } = await configText(lab, vmid);
  const found: string[] = [];
  const folders = [
    ...lab.nodes.flatMap((node) => ['local', 'fast'].map((storage) => ({ storage, node, path: join(lab.dir, 'nodes', node, storage, 'images', String(vmid)) }))),
    { storage: 'shared', node: owner, path: join(lab.dir, 'shared', 'images', String(vmid)) },
  ];
  for (const { storage, node, path } of folders) {
    for (const file of await entriesOf(path)) {
      if (node !== owner || !text.includes(`${storage}:${vmid}/${file}`)) found.push(`${node}: volume ${storage}:${vmid}/${file} left`);
    }
  }
  return found;
}

const entriesOf = (path: string): Promise<string[]> => readdir(path).catch(() => []);

async function outputOf(lab: Lab, node: string, argv: readonly string[]): Promise<string[]> {
  const { stdout } = await lab.exec(node, argv);
  return stdout.split('\n').filter((line) => line.trim() !== '');
}
