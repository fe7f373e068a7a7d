import { Command, InvalidArgumentError } from 'commander';
import { MigrationError, messageOf } from '../domain/errors.js';
import type { NodeName, Vmid } from '../domain/ids.js';
import { loadNodeConfig } from './config.js';

export type NodeConfig = Awaited<ReturnType<typeof loadNodeConfig>>;

/** What a command did: for people, and for scripts (`--json`). */
export interface PowerOutcome {
  readonly sentence: string;
  readonly vmid: Vmid;
  readonly node: NodeName;
  readonly state: string;
  readonly pid: number | null;
  readonly warnings: readonly string[];
}

interface Options {
  readonly json?: boolean;
  /** Seconds; only of commands that have the option. */
  readonly timeout: number;
  readonly kill?: boolean;
  readonly check?: string;
}

type Act = (config: NodeConfig, vmid: Vmid, options: Options) => Promise<PowerOutcome>;

export interface PowerProgram {
  add(name: string, description: string, act: Act): Command;
  run(): Promise<void>;
}

/** `ferry vm` and `ferry ct`: a guest's power on this node, for hosts without PVE's own tools. Exit code 1 and one sentence for whatever fails. */
export function powerProgram(name: string, description: string): PowerProgram {
  const root = new Command(name).description(description).showHelpAfterError();
  return {
    add: (verb, what, act) => root.command(verb).description(what).argument('<vmid>', 'guest number', wholeNumber).option('--json', 'answer in JSON')
      .action(async (vmid: Vmid, options: Options) => report(name, act, vmid, options)),
    run: async () => { await root.parseAsync(); },
  };
}

export function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('expected a whole number.');
  return Number(text);
}

async function report(name: string, act: Act, vmid: Vmid, options: Options): Promise<void> {
  try {
    const result = await act(await loadNodeConfig(), vmid, options);
    if (options.json !== true) for (const warning of result.warnings) console.error(`${name}: warning: ${warning}`);
    console.log(options.json === true ? JSON.stringify(result) : result.sentence);
  } catch (error) {
    const code = error instanceof MigrationError ? error.code : 'Internal';
    if (options.json === true) console.log(JSON.stringify({ sentence: messageOf(error), vmid, error: code }));
    else console.error(`${name}: ${messageOf(error)}`);
    process.exitCode = 1;
  }
}
