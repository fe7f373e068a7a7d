import type { SlotWishes } from '../../../domain/admission/limits.js';
import { listSlots, setSlots, showSlots } from '../../api/slots.js';
import { ClientError } from '../../errors.js';
import { renderSlots } from '../../render/slots.js';
import { EXIT } from '../exit-codes.js';
import type { Io } from '../io.js';
import { withClient } from '../with-client.js';

export interface SlotsFlags {
  readonly link?: boolean;
  readonly json?: boolean;
}

export interface SetSlotsFlags extends SlotsFlags, Partial<Record<keyof SlotWishes, string>> {
  readonly by?: string;
}

/** `ferry slots [node]`. */
export async function slotsCommand(io: Io, name: string | undefined, flags: SlotsFlags): Promise<number> {
  const views = await withClient(io, async (client) => {
    if (name === undefined) return listSlots(client);
    const view = await showSlots(client, { name, link: flags.link === true });
    return view === null ? [] : [view];
  });
  io.stdout.write(`${flags.json === true ? JSON.stringify(views, null, 2) : renderSlots(views)}\n`);
  return EXIT.ok;
}

/** `ferry slots set <node>`: exit 64 for a number the ledger does not take. */
export async function setSlotsCommand(io: Io, name: string, flags: SetSlotsFlags): Promise<number> {
  const wishes = Object.fromEntries(WISHES.flatMap((wish) => (flags[wish] === undefined ? [] : [[wish, numberOf(`--${wish}`, flags[wish])]]))) as SlotWishes;
  if (Object.keys(wishes).length === 0) throw new ClientError('usage', 'setting slots failed: say which: --in <n>, --out <n>, --transfer <n>, --prepare <n> or --switchover <n>.');
  const view = await withClient(io, (client) => setSlots(client, { name, link: flags.link === true }, wishes, flags.by ?? io.caller));
  io.stdout.write(`${flags.json === true ? JSON.stringify(view, null, 2) : renderSlots([view])}\n`);
  return EXIT.ok;
}

const WISHES: readonly (keyof SlotWishes)[] = ['in', 'out', 'transfer', 'prepare', 'switchover'];

/** null: as configured. */
function numberOf(option: string, text: string): number | null {
  if (text === 'default') return null;
  if (!/^\d+$/.test(text)) throw new ClientError('usage', `${option}: a whole number or \`default\` is needed, not \`${text}\`.`);
  return Number(text);
}
