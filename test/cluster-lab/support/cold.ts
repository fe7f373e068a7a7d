import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connectTemporal, startMigration, type FerryClient } from '../../../client/index.js';
import { awaitEnding, type Ending } from '../../../client/api/outcome.js';
import type { MigrationProgress } from '../../../domain/contracts/progress.js';
import type { MigrationReport } from '../../../domain/contracts/report.js';
import { parseMigrateRequest } from '../../../domain/edge/migrate-request.js';
import { createFileJournal } from '../../../hypervisor/journal/file-journal.js';
import { Lab } from '../../../lab/lab.js';
import { newLabDir, removeLabDir } from '../../lab/support/machine.js';
import type { RunningMigration } from './cluster.js';

/** A lab of two nodes for guests that stand still while they move. */
export interface ColdLab {
  readonly lab: Lab;
  readonly client: FerryClient;
  down(): Promise<void>;
}

export async function startColdLab(): Promise<ColdLab> {
  const dir = newLabDir();
  const lab = await Lab.up({ dir, nodes: 2 });
  try {
    const client = await connectTemporal({ ...process.env, ...lab.env });
    return {
      lab, client,
      down: async () => {
        await client.close();
        await lab.down({ purge: true });
        removeLabDir(dir);
      },
    };
  } catch (error) {
    await lab.down({ purge: true });
    removeLabDir(dir);
    throw error;
  }
}

export async function begin({ client }: ColdLab, vmid: number, target: string, wishes: Readonly<Record<string, unknown>> = {}): Promise<RunningMigration> {
  const { workflowId, runId } = await startMigration(client, parseMigrateRequest({ vmid, target, requestedBy: 'test', ...wishes }));
  const handle = client.temporal.workflow.getHandle(workflowId, runId);
  return {
    workflowId,
    progress: () => handle.query<MigrationProgress>('progress'),
    cancel: async () => { await handle.cancel(); },
    ending: () => awaitEnding(handle),
  };
}

/** The report, however it ended; an ending without one is thrown. */
export async function move(cold: ColdLab, vmid: number, target: string, wishes: Readonly<Record<string, unknown>> = {}): Promise<MigrationReport> {
  return reported(await (await begin(cold, vmid, target, wishes)).ending());
}

export function reported(ending: Ending): MigrationReport {
  if (ending.kind === 'report') return ending.report;
  throw new Error(`${ending.code}: ${ending.sentence}`);
}

/** Everything a cold move may have forgotten on any node and in the cluster file system: one sentence each. */
export async function leftBy({ lab }: ColdLab, vmid: number, kind: 'qemu' | 'lxc', owner: string): Promise<string[]> {
  const found: string[] = [];
  const folder = kind === 'qemu' ? 'qemu-server' : 'lxc';
  const config = await readFile(join(lab.dir, 'pve/nodes', owner, folder, `${vmid}.conf`), 'utf8').catch(() => null);
  if (config === null) found.push(`no config on ${owner}`);
  if (/^lock:/m.test(config ?? '')) found.push('config still locked');
  found.push(...(await entriesOf(join(lab.dir, 'pve/priv/ferry', String(vmid)))).map((name) => `token folder: ${name} left`));
  for (const node of lab.nodes) {
    const lines = async (argv: readonly string[]): Promise<string[]> => (await lab.exec(node, argv)).stdout.split('\n').filter((line) => line !== '');
    found.push(...(await lines(['ps', '-eo', 'args='])).filter((line) => /\bssh .*-L |\brsync\b|qemu-nbd|qemu-img|socat/.test(line)).map((line) => `${node}: process left: ${line}`));
    found.push(...(await lines(['find', '/run/ferry', '-mindepth', '1'])).map((path) => `${node}: ${path} left`));
    found.push(...(await lines(['ss', '-Hltn'])).filter((line) => /:60\d\d\d\b/.test(line)).map((line) => `${node}: port left: ${line}`));
    const open = await createFileJournal(join(lab.dir, 'nodes', node, 'ferry/journal')).openEntries();
    found.push(...open.filter((entry) => entry.vmid === vmid).map((entry) => `${node}: journal of ${entry.epoch} still open`));
    for (const storage of ['local', 'fast']) {
      const volumes = await entriesOf(join(lab.dir, 'nodes', node, storage, 'images', String(vmid)));
      found.push(...volumes.filter((name) => node !== owner || !(config ?? '').includes(`${storage}:${vmid}/${name}`)).map((name) => `${node}: volume ${storage}:${vmid}/${name} left`));
    }
  }
  return found;
}

const entriesOf = (dir: string): Promise<string[]> => readdir(dir).catch(() => []);
