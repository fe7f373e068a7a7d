import type { GuestClaimsReader } from '../../cluster/guest-claims.js';
import type { StorageConfig } from '../../domain/contracts/facts.js';
import type { ClusterFiles, Journal } from '../../domain/contracts/ports.js';
import type { GuestClaims, LedgerEntry, NodeSurvey, Thing } from '../../domain/contracts/reconcile.js';
import type { NodeName, Vmid } from '../../domain/ids.js';
import { toLedgerEntry } from '../../hypervisor/journal/ledger.js';
import { takeCensus, type CensusPaths } from '../../hypervisor/node/census.js';

export interface SurveyDeps {
  readonly node: NodeName;
  readonly paths: CensusPaths;
  readonly journal: Pick<Journal, 'openEntries' | 'damagedEntries' | 'read'>;
  readonly claims: GuestClaimsReader;
  readonly files: Pick<ClusterFiles, 'members'>;
  storages(): Promise<readonly StorageConfig[]>;
}

/** Everything this node can see of migrations. What comes or goes while it looks is left out: it belongs to somebody at work. */
export async function surveyNode(deps: SurveyDeps): Promise<NodeSurvey> {
  const { node, journal } = deps;
  const isFirst = (await deps.files.members()).members[0]?.name === node;
  const before = await census(deps, isFirst);
  const [open, damaged, named] = await Promise.all([journal.openEntries(), journal.damagedEntries(), deps.claims.vmids(node)]);
  const vmids = new Set<Vmid>([...named, ...open.map(({ vmid }) => vmid), ...before.map(({ vmid }) => vmid)]);
  const claims = await Promise.all([...vmids].map((vmid) => deps.claims.read(vmid, node)));
  const after = new Set((await census(deps, isFirst)).map(nameOf));
  return {
    node, isFirst, damaged, claims,
    ledger: [...open.map(toLedgerEntry), ...await closedEntries(journal, claims, new Set(open.map(({ epoch }) => epoch)))],
    things: before.filter((thing) => after.has(nameOf(thing))),
  };
}

/** A shared storage is looked through by one node. */
async function census({ paths, node, storages, claims }: SurveyDeps, isFirst: boolean): Promise<readonly Thing[]> {
  const all = (await storages()).filter(({ shared }) => isFirst || !shared);
  const [things, temporary] = await Promise.all([takeCensus(paths, all, node), claims.temporaryFiles(node)]);
  return [...things, ...temporary];
}

/** Of the epochs that a lock or a token names. A damaged one is told of elsewhere. */
async function closedEntries(journal: Pick<Journal, 'read'>, claims: readonly GuestClaims[], open: ReadonlySet<string>): Promise<LedgerEntry[]> {
  const named = claims.flatMap(({ vmid, owner, epochs }) => [...new Set([...(owner === null ? [] : [owner.epoch]), ...epochs])].map((epoch) => ({ vmid, epoch })));
  const entries = await Promise.all(named.filter(({ epoch }) => !open.has(epoch)).map(({ vmid, epoch }) => journal.read(vmid, epoch).catch(() => null)));
  return entries.filter((entry) => entry !== null).map(toLedgerEntry);
}

const nameOf = ({ kind, name }: Thing): string => `${kind} ${name}`;
