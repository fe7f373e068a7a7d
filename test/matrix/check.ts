import { setTimeout as sleep } from 'node:timers/promises';
import type { Ending } from '../../client/api/outcome.js';
import type { NodeName } from '../../domain/ids.js';
import type { MatrixCluster } from './cluster.js';
import type { MatrixGuest } from './guests/guest.js';
import type { Row } from './row.js';
import { sentenceOf, type Seen } from './run-row.js';

const TIDY_MS = 5000;

/** Looks at everything after the end of a migration; starts a guest again that the fault took. */
export async function check(cluster: MatrixCluster, row: Row, nodes: { readonly source: NodeName; readonly target: NodeName }, ending: Ending): Promise<Seen> {
  const guest = cluster.guest(row.guest);
  const problems: string[] = [];
  const owner = await ownerOf(guest, nodes, problems);
  const silentMs = await guest.silentMs();
  const missing = guest.runs && !guest.runsOn(nodes[owner]);
  if (missing) await guest.startAgain();
  const became = !missing && row.expected.guest === 'same' ? 'same' : 'ended';
  if (row.expected.guest === 'same' && missing) problems.push(`the guest does not run on the ${owner}`);
  problems.push(...await guest.look(became === 'same'), ...expectations(row, owner, ending), ...await nothingLeft(cluster, guest, nodes[owner]));
  const report = ending.kind === 'report' ? ending.report : null;
  return {
    outcome: report?.outcome ?? 'none', reason: sentenceOf(ending), owner, guest: became, silentMs,
    totalMs: report?.totalMs ?? 0, incidents: report?.incidents ?? [], problems,
  };
}

async function ownerOf(guest: MatrixGuest, nodes: { readonly source: NodeName; readonly target: NodeName }, problems: string[]): Promise<'source' | 'target'> {
  try {
    return (await guest.owner()) === nodes.source ? 'source' : 'target';
  } catch (error) {
    problems.push(String(error));
    return 'source';
  }
}

function expectations({ expected }: Row, owner: 'source' | 'target', ending: Ending): string[] {
  if (ending.kind !== 'report') return [`it left no report: ${sentenceOf(ending)}`];
  const { outcome, reason } = ending.report;
  const waitedInVain = expected.unlessAway === true && owner === 'source' && /the agent is away/.test(reason);
  return [
    ...(expected.owner === 'either' || expected.owner === owner || waitedInVain ? [] : [`the ${owner} owns the guest, expected the ${expected.owner}: ${sentenceOf(ending)}`]),
    ...((outcome === 'migrated') === (owner === 'target') ? [] : [`it says ${outcome}, but the ${owner} owns the guest`]),
  ];
}

/** What ends by itself in a moment (a process that was told to) gets that moment. */
async function nothingLeft(cluster: MatrixCluster, guest: MatrixGuest, owner: NodeName): Promise<readonly string[]> {
  const deadlineMs = performance.now() + TIDY_MS;
  for (;;) {
    const left = [...await guest.leftovers(owner), ...(await cluster.openWorkflows()).map((id) => `workflow ${id} is still open`)];
    if (left.length === 0 || performance.now() > deadlineMs) return left;
    await sleep(200);
  }
}
