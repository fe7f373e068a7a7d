import type { DeclaredLink, Pool, SlotLimits } from '../contracts/slots.js';
import type { NodeName } from '../ids.js';

/** Slots of one node, in an operator's words; each number counts for one direction. */
export interface NodeSlots {
  /** Transfers that arrive at once. */
  readonly in?: number;
  /** Transfers that leave at once. */
  readonly out?: number;
  /** Reservations that are made at once; absent: as many as transfers. */
  readonly prepare?: number;
  /** Running guests on the move at once; absent: as many as transfers. */
  readonly switchover?: number;
}

/** The daemons' configuration of admission, complete. */
export interface SlotsConfig extends NodeSlots {
  readonly enabled: boolean;
  readonly in: number;
  readonly out: number;
  /** What is different on a node. */
  readonly nodes: Readonly<Record<NodeName, NodeSlots>>;
}

export const limitsOfNode = ({ nodes, ...all }: SlotsConfig, node: NodeName): SlotLimits => {
  const { in: transfersIn, out, prepare, switchover } = { ...all, ...(Object.hasOwn(nodes, node) ? nodes[node] : {}) };
  return {
    'transfer-in': transfersIn, 'transfer-out': out,
    ...(prepare === undefined ? {} : { 'prepare-in': prepare, 'prepare-out': prepare }),
    ...(switchover === undefined ? {} : { 'switchover-in': switchover, 'switchover-out': switchover }),
  };
};

export const limitsOfLink = ({ transfers }: DeclaredLink): SlotLimits => ({ transfer: transfers });

/** What an operator sets at one ledger, in the words of the command line; null: as configured again. */
export interface SlotWishes {
  readonly in?: number | null;
  readonly out?: number | null;
  /** Of a node: in and out; of a link: all. */
  readonly transfer?: number | null;
  readonly prepare?: number | null;
  readonly switchover?: number | null;
}

/** The same by pool. A narrower word stands above a wider one. */
export function limitsOfWishes({ in: transfersIn, out, transfer, prepare, switchover }: SlotWishes, isLink: boolean): Readonly<Partial<Record<Pool, number | null>>> {
  if (isLink) return transfer === undefined ? {} : { transfer };
  const both = (name: 'prepare' | 'transfer' | 'switchover', limit: number | null | undefined): Partial<Record<Pool, number | null>> =>
    limit === undefined ? {} : { [`${name}-in`]: limit, [`${name}-out`]: limit };
  return {
    ...both('prepare', prepare), ...both('switchover', switchover), ...both('transfer', transfer),
    ...(transfersIn === undefined ? {} : { 'transfer-in': transfersIn }), ...(out === undefined ? {} : { 'transfer-out': out }),
  };
}
