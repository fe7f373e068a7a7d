import { tellMigration, type OperatorsWord } from '../../api/operator.js';
import { ClientError } from '../../errors.js';
import { EXIT } from '../exit-codes.js';
import type { Io } from '../io.js';
import { withClient } from '../with-client.js';

export interface ResolveFlags {
  readonly confirmFenced?: string;
  readonly retryNow?: boolean;
  readonly giveUp?: boolean;
  readonly by?: string;
  readonly json?: boolean;
}

/** `ferry resolve`: the operator's word to a migration that waits. Exit 0 when it was taken, 2 when the workflow refused it. */
export async function resolveCommand(io: Io, what: string, flags: ResolveFlags): Promise<number> {
  const word = wordOf(flags, flags.by ?? io.caller);
  const answer = await withClient(io, (client) => tellMigration(client, what, word));
  io.stdout.write(flags.json === true ? `${JSON.stringify({ event: 'resolved', ...word, answer })}\n` : `${what}: ${answer}\n`);
  return EXIT.ok;
}

function wordOf({ confirmFenced, retryNow, giveUp }: ResolveFlags, by: string): OperatorsWord {
  const words: OperatorsWord[] = [
    ...(confirmFenced === undefined ? [] : [{ say: 'confirm-fenced', node: confirmFenced, by } as const]),
    ...(retryNow === true ? [{ say: 'retry-now', by } as const] : []),
    ...(giveUp === true ? [{ say: 'give-up', by } as const] : []),
  ];
  const [word] = words;
  if (word === undefined || words.length > 1) throw new ClientError('usage', 'resolving failed: say one thing: --confirm-fenced <node>, --retry-now or --give-up.');
  return word;
}
