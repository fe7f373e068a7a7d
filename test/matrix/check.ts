import { setTimeout as sleep } from 'node:timers/promises';
import type { Ending } from '../../client/api/outcome.js';
import type { NodeName } from '../../domain/ids.js';
import type { GuestAnswer, ProbeReport } from '../../lab/probe.js';
import { vmRunsOn } from '../../lab/vm.js';
import { VMID, type MatrixCluster } from './cluster.js';
import { configText, leftovers } from './leftovers.js';
import type { Row } from './rows.js';
import { sentenceOf, type Seen } from './run-row.js';

const TIDY_MS = 5000;
/** Longer than a guest takes to be heard again on a machine that is busy with other labs. */
const ANSWER_MS = 40_000;

/** Looks at everything after the end of a migration; starts a guest again that the fault took. */
export async function check(cluster: MatrixCluster, row: Row, nodes: { readonly source: NodeName; readonly target: NodeName }, ending: Ending): Promise<Seen> {
  const problems: string[] = [];
  const owner = await ownerOf(cluster, nodes, problems);
  const silentMs = Math.round((await cluster.watch.snapshot()).maxGapMs);
  const runs = vmRunsOn(cluster.lab.layout, VMID, nodes[owner]);
  if (!runs) await cluster.startAgain();
  const after = await answers(cluster);
  const guest = runs && row.expected.guest === 'same' ? 'same' : 'ended';
  if (row.expected.guest === 'same' && !runs) problems.push(`the guest does not run on the ${owner}`);
  if (guest === 'same' && after !== null && after.bootId !== cluster.bootId) problems.push('the guest was started anew');
  problems.push(...canaries(after, await cluster.probe.snapshot()), ...expectations(row, owner, ending));
  problems.push(...(await cluster.watch.snapshot()).violations);
  problems.push(...await nothingLeft(cluster, nodes[owner]));
  const report = ending.kind === 'report' ? ending.report : null;
  return {
    outcome: report?.outcome ?? 'none', reason: sentenceOf(ending), owner, guest, silentMs,
    totalMs: report?.totalMs ?? 0, incidents: report?.incidents ?? [], problems,
  };
}

async function ownerOf({ lab }: MatrixCluster, nodes: { readonly source: NodeName; readonly target: NodeName }, problems: string[]): Promise<'source' | 'target'> {
  try {
    return (await configText(lab, VMID)).node === nodes.source ? 'source' : 'target';
  } catch (error) {
    problems.push(String(error));
    return 'source';
  }
}

function expectations({ expected }: Row, owner: 'source' | 'target', ending: Ending): string[] {
  if (ending.kind !== 'report') return [`it left no report: ${sentenceOf(ending)}`];
  const { outcome } = ending.report;
  return [
    ...(expected.owner === 'either' || expected.owner === owner ? [] : [`the ${owner} owns the guest, expected the ${expected.owner}: ${sentenceOf(ending)}`]),
    ...((outcome === 'migrated') === (owner === 'target') ? [] : [`it says ${outcome}, but the ${owner} owns the guest`]),
  ];
}

/** `now` is what the guest says of itself; `kept` is the connection that was open all the while. */
function canaries(now: GuestAnswer | null, { tcpAlive, errors }: ProbeReport): string[] {
  if (now === null) return ['the guest does not answer'];
  const { memErrors, diskErrors, firstError } = now;
  return [
    ...(memErrors + diskErrors > 0 ? [`the guest found ${memErrors} errors in memory, ${diskErrors} on disks: ${firstError}`] : []),
    ...(tcpAlive ? [] : [`the guest's connection was lost: ${errors.join(', ')}`]),
  ];
}

/** Asked anew, since a connection that was silent for long tries again only after as long. It runs, and its disks take writes. */
async function answers({ lab }: MatrixCluster): Promise<GuestAnswer | null> {
  const probe = await lab.probe(VMID, ANSWER_MS).catch(() => null);
  if (probe === null) return null;
  try {
    const before = (await probe.snapshot()).lastAnswer;
    const deadlineMs = performance.now() + ANSWER_MS;
    for (;;) {
      const now = (await probe.snapshot()).lastAnswer;
      if (now !== null && before !== null && now.ticks > before.ticks && now.diskSeq > before.diskSeq) return now;
      if (performance.now() > deadlineMs) return null;
      await sleep(50);
    }
  } finally {
    await probe.stop();
  }
}

/** What ends by itself in a moment (a process that was told to) gets that moment. */
async function nothingLeft(cluster: MatrixCluster, owner: NodeName): Promise<readonly string[]> {
  const deadlineMs = performance.now() + TIDY_MS;
  for (;;) {
    const left = [...await leftovers(cluster.lab, VMID, owner), ...(await cluster.openWorkflows()).map((id) => `workflow ${id} is still open`)];
    if (left.length === 0 || performance.now() > deadlineMs) return left;
    await sleep(200);
  }
}
