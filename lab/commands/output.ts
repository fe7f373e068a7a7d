import type { Command } from 'commander';
import { EXIT, LabError } from '../errors.js';
import type { Network } from '../layout.js';

/** Prints the result: with `--json` one object, otherwise the sentence. */
export function show(command: Command, result: Readonly<Record<string, unknown>>, sentence: string): void {
  const { json } = command.optsWithGlobals<{ json?: boolean }>();
  if (json) console.log(JSON.stringify({ ok: true, ...result }));
  else if (sentence) console.log(sentence);
}

export function toInteger(text: string, what: string): number {
  if (!/^\d+$/.test(text)) throw new LabError(`${what} has to be a whole number, not ${text}`, EXIT.usage);
  return Number(text);
}

export function toNetwork(text: string, allowed: readonly Network[] = ['mgmt', 'mig', 'guest']): Network {
  const network = allowed.find((n) => n === text);
  if (!network) throw new LabError(`no network ${text}: choose ${allowed.join(', ')}`, EXIT.usage);
  return network;
}

export function oneOf<T extends string>(text: string, allowed: readonly T[]): T {
  const found = allowed.find((a) => a === text);
  if (found === undefined) throw new LabError(`${text} is not one of ${allowed.join(', ')}`, EXIT.usage);
  return found;
}
