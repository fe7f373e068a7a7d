import type { Command } from 'commander';
import { isFailpoint } from '../../domain/edge/armed-failpoint.js';
import { FAILPOINT_ACTIONS, ALL_FAILPOINTS } from '../../domain/failpoints.js';
import { EXIT, LabError } from '../errors.js';
import { Lab } from '../lab.js';
import { oneOf, show, toInteger } from './output.js';

interface FailOptions {
  readonly times?: string;
  readonly list?: boolean;
  readonly clear?: boolean;
}

/** `fail <node|control> <failpoint> <action> [ms]`, `fail --list`, `fail --clear`. */
export function addFailCommand(root: Command): void {
  root.command('fail').description('make an agent or the control worker stop at a failpoint when it next comes by')
    .argument('[where]', 'a node, or control')
    .argument('[failpoint]', 'a name of --list')
    .argument('[action]', 'kill (SIGKILL), error, hang (until --clear), delay')
    .argument('[ms]', 'for delay')
    .option('--times <n>', 'how often it fires (default once)')
    .option('--list', 'every failpoint; in a lab also what is armed, hangs and has fired')
    .option('--clear', 'disarm all and let go on who hangs, everywhere or at [where]')
    .action(async (where: string | undefined, failpoint: string | undefined, action: string | undefined, ms: string | undefined, options: FailOptions, command: Command) => {
      if (options.list) return list(command);
      if (options.clear) return clear(command, where);
      if (where === undefined || failpoint === undefined || action === undefined) throw new LabError('say where, which failpoint and what it does; or --list, --clear', EXIT.usage);
      if (!isFailpoint(failpoint)) throw new LabError(`no failpoint ${failpoint}: see --list`, EXIT.usage);
      const wanted = oneOf(action, FAILPOINT_ACTIONS);
      if ((wanted === 'delay') !== (ms !== undefined)) throw new LabError('milliseconds belong to delay, and to nothing else', EXIT.usage);
      (await Lab.open()).failpoints(where).arm(failpoint, wanted, {
        ...(ms === undefined ? {} : { ms: toInteger(ms, 'ms') }),
        ...(options.times === undefined ? {} : { times: toInteger(options.times, '--times') }),
      });
      show(command, { where, failpoint, action: wanted }, `${where}: ${wanted} at ${failpoint} armed`);
    });
}

async function list(command: Command): Promise<void> {
  const lab = await Lab.open().catch(() => null);
  const places = lab === null ? [] : [...lab.nodes, 'control'].map((where) => {
    const points = lab.failpoints(where);
    return { where, armed: points.armed(), held: ALL_FAILPOINTS.map(({ name }) => name).filter((name) => points.isHeld(name)), fired: points.fired() };
  });
  const table = ALL_FAILPOINTS.map(({ name, where, phase, what }) => `${name.padEnd(34)} ${where.padEnd(15)} ${phase.padEnd(12)} ${what}`);
  const busy = places.flatMap(({ where, armed, held, fired }) => [
    ...armed.map(({ name, action, times }) => `${where}: armed: ${action} at ${name}, ${times} times`),
    ...held.map((name) => `${where}: hangs at ${name}`),
    ...fired.map(({ name, action, at }) => `${where}: fired: ${action} at ${name}, ${at}`),
  ]);
  show(command, { failpoints: ALL_FAILPOINTS, places }, [...table, ...busy].join('\n'));
}

async function clear(command: Command, where: string | undefined): Promise<void> {
  const lab = await Lab.open();
  const places = where === undefined ? [...lab.nodes, 'control'] : [where];
  for (const place of places) lab.failpoints(place).clear();
  show(command, { cleared: places }, `${places.join(', ')}: nothing is armed any more`);
}
