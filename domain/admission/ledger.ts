import type { LimitChange, Pool, SlotHolder, SlotLimits, SlotRelease, SlotRequest, SlotResource } from '../contracts/slots.js';
import type { Epoch } from '../ids.js';

/** One migration at one ledger. */
export interface LedgerEntry extends SlotHolder {
  readonly seq: number;
  readonly pools: readonly Pool[];
  readonly sinceMs: number;
  /** null: it waits. */
  readonly grantedAtMs: number | null;
}

/** All that a ledger knows. Plain data: it is handed on when the workflow continues as new. */
export interface Ledger {
  readonly resource: SlotResource;
  readonly configured: SlotLimits;
  /** An operator's word stands above the configuration. */
  readonly set: Readonly<Partial<Record<Pool, { readonly limit: number; readonly by: string }>>>;
  readonly entries: readonly LedgerEntry[];
  /** The last ones who left, so that a message of theirs that was overtaken brings nothing back. */
  readonly left: readonly { readonly epoch: Epoch; readonly seq: number }[];
}

const KEPT_LEAVERS = 200;

export const newLedger = (resource: SlotResource, configured: SlotLimits = {}): Ledger => ({ resource, configured, set: {}, entries: [], left: [] });

/** null: no limit. */
export const limitOf = ({ configured, set }: Pick<Ledger, 'configured' | 'set'>, pool: Pool): number | null => set[pool]?.limit ?? configured[pool] ?? null;

/** Nobody holds or waits, and no operator's word has to be kept. */
export const isForgettable = ({ entries, set }: Ledger): boolean => entries.length === 0 && Object.keys(set).length === 0;

/**
 * The same migration twice is one entry. A request that was sent before what is known already changes nothing. One for less than is
 * held gives back the rest; one for more queues anew, with nothing in hand. What it may have is decided by `decide`.
 */
export function takeRequest(ledger: Ledger, request: SlotRequest, nowMs: number): Ledger {
  const configured = request.configured ?? ledger.configured;
  if (request.seq <= lastSeq(ledger, request.epoch)) return { ...ledger, configured };
  const held = find(ledger, request.epoch);
  const { vmid, epoch, workflowId, priority, seq } = request;
  const pools = unique(request.pools);
  if (pools.length === 0) return { ...takeRelease(ledger, { epoch, seq, keep: [] }), configured };
  const keeps = held !== null && held.grantedAtMs !== null && pools.every((pool) => held.pools.includes(pool));
  const entry: LedgerEntry = {
    vmid, epoch, workflowId, priority, seq, pools,
    sinceMs: Math.min(request.sinceMs, held?.sinceMs ?? nowMs, nowMs),
    grantedAtMs: keeps ? held.grantedAtMs : null,
  };
  return { ...ledger, configured, entries: [...without(ledger, epoch), entry], left: ledger.left.filter((gone) => gone.epoch !== epoch) };
}

export function takeRelease(ledger: Ledger, { epoch, seq, keep }: SlotRelease): Ledger {
  if (seq <= lastSeq(ledger, epoch)) return ledger;
  const held = find(ledger, epoch);
  const pools = held?.pools.filter((pool) => keep.includes(pool)) ?? [];
  if (held !== null && pools.length > 0) return { ...ledger, entries: [...without(ledger, epoch), { ...held, seq, pools }] };
  const left = [...ledger.left.filter((gone) => gone.epoch !== epoch), { epoch, seq }].slice(-KEPT_LEAVERS);
  return { ...ledger, entries: without(ledger, epoch), left };
}

/** Its run is closed: it can give nothing back by itself any more. */
export const dropHolder = (ledger: Ledger, epoch: Epoch): Ledger => ({ ...ledger, entries: without(ledger, epoch) });

export function changeLimits(ledger: Ledger, { limits, by = 'an operator' }: LimitChange): Ledger {
  const changed = Object.entries(limits) as [Pool, number | null][];
  const kept = Object.entries(ledger.set).filter(([pool]) => !(pool in limits));
  const set = Object.fromEntries([...kept, ...changed.filter(([, limit]) => limit !== null).map(([pool, limit]) => [pool, { limit, by }])]) as Ledger['set'];
  return { ...ledger, set };
}

const find = ({ entries }: Ledger, epoch: Epoch): LedgerEntry | null => entries.find((entry) => entry.epoch === epoch) ?? null;
const without = ({ entries }: Ledger, epoch: Epoch): LedgerEntry[] => entries.filter((entry) => entry.epoch !== epoch);
const unique = <T>(items: readonly T[]): T[] => [...new Set(items)];

const lastSeq = (ledger: Ledger, epoch: Epoch): number =>
  find(ledger, epoch)?.seq ?? ledger.left.find((gone) => gone.epoch === epoch)?.seq ?? -Infinity;
