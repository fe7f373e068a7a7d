import type { Command } from 'commander';
import type { EvacuateFlags } from './commands/evacuate.js';
import type { RollFlags } from './commands/roll.js';
import type { UncordonFlags } from './commands/uncordon.js';
import { withPlanOptions } from './evacuation-request.js';
import type { Io } from './io.js';
import { numeric } from './request.js';

/** Everything around emptying nodes. Commands are loaded when they are called. */
export function addEvacuationCommands(program: Command, io: Io, done: (code: number) => void): void {
  withMoveOptions(program.command('evacuate').description('empty a node: its guests are moved by plan, and it is proved empty').argument('<node>'))
    .option('--approval', 'wait for `ferry evacuation approve` when the plan is made')
    .option('--dry-run', 'plan only, change nothing')
    .option('--schedule <cron>', "do it at these times, as a Temporal Schedule: '0 22 * * 6 Europe/Berlin'")
    .option('--no-wait', 'return as soon as it has started')
    .option('--html <file>', 'write the report as a page')
    .option('--json', 'one JSON object per line, the report last')
    .action(async (node: string, flags: EvacuateFlags) => done(await (await import('./commands/evacuate.js')).evacuateCommand(io, node, flags)));
  program.command('uncordon').description('let a node take guests again').argument('<node>')
    .option('--return-home', 'and bring back the guests that an evacuation moved away')
    .option('--no-wait', 'return as soon as it has started')
    .option('--reason <text>', 'why, for the record')
    .option('--json', 'one JSON object per line')
    .action(async (node: string, flags: UncordonFlags) => done(await (await import('./commands/uncordon.js')).uncordonCommand(io, node, flags)));
  withMoveOptions(program.command('roll').description('rolling maintenance: empty, maintain and refill nodes; `pve1 pve2,pve3`: one after the other, those with a comma together').argument('<nodes...>'))
    .option('--hook <name>', "maintenance command of each node's own configuration; without one `ferry ready <node>` is waited for")
    .option('--no-return-home', 'guests stay where they went')
    .option('--return-timeout <s>', 'how long a node may take to come back (1800)')
    .option('--no-wait', 'return as soon as it has started')
    .option('--json', 'one JSON object per line, the report last')
    .action(async (nodes: string[], flags: RollFlags) => done(await (await import('./commands/roll.js')).rollCommand(io, nodes, flags)));
  program.command('ready').description('the maintenance of a node is over: its roll goes on').argument('<node>')
    .action(async (node: string) => done(await (await import('./commands/roll.js')).readyCommand(io, node)));
  addSteering(program.command('evacuation').description('show and steer the evacuation of a node, or its guests coming home'), io, done);
}

/** Everything a plan depends on, and how it is carried out. */
const withMoveOptions = (command: Command): Command => withPlanOptions(command)
  .option('--migration-type <type>', 'secure, insecure or tls')
  .option('--health-check <what>', 'asked of every moved guest: tcp:<port>, http:<port>/<path> or agent')
  .option('--failure-budget <n>', 'more guests in trouble than this stop it (2)')
  .option('--window <window>', "begin no move outside of it: '22:00-05:00 Europe/Berlin'")
  .option('--at-window-close <what>', 'what becomes of running moves: finish (the default) or rollBack')
  .option('--reason <text>', 'why, for the record');

function addSteering(evacuation: Command, io: Io, done: (code: number) => void): void {
  const tell = async (node: string, update: string, input: object = {}): Promise<void> => done(await (await import('./commands/evacuation.js')).tellCommand(io, node, update, input));
  evacuation.command('show').description('its progress, or its report').argument('<node>')
    .option('--watch', 'follow it to its end').option('--json', 'as JSON').option('--html <file>', 'write the report as a page')
    .action(async (node: string, flags: { json?: boolean; watch?: boolean; html?: string }) => done(await (await import('./commands/evacuation.js')).showEvacuationCommand(io, node, flags)));
  const plain: readonly (readonly [name: string, update: string, description: string])[] = [
    ['approve', 'approve', 'let it begin'], ['pause', 'pause', 'start no further guest'], ['resume', 'resume', 'go on after a pause'], ['stop', 'stopAfterCurrent', 'end it after the migrations that run'],
  ];
  for (const [name, update, description] of plain) evacuation.command(name).description(description).argument('<node>').action((node: string) => tell(node, update));
  evacuation.command('cancel').description('roll running migrations back and end it').argument('<node>').option('--bring-back', 'guests that have left come home')
    .action((node: string, { bringBack = false }: { bringBack?: boolean }) => tell(node, 'cancelEvacuation', { bringBack }));
  evacuation.command('skip').description('leave a guest where it is').argument('<node>').argument('<vmid>').action((node: string, vmid: string) => tell(node, 'skipGuest', { vmid: numeric(vmid) }));
  evacuation.command('retry').description('plan a guest again that was given up').argument('<node>').argument('<vmid>').action((node: string, vmid: string) => tell(node, 'retryGuest', { vmid: numeric(vmid) }));
  evacuation.command('retarget').description('send a guest that waits to another node').argument('<node>').argument('<vmid>').argument('<target>')
    .action((node: string, vmid: string, target: string) => tell(node, 'retargetGuest', { vmid: numeric(vmid), target }));
  evacuation.command('concurrency').description('how many guests move at once').argument('<node>').argument('<n>').action((node: string, n: string) => tell(node, 'setConcurrency', { concurrency: numeric(n) }));
  evacuation.command('bandwidth').description('bandwidth of each migration, 0 for unlimited').argument('<node>').argument('<KiB/s>')
    .action((node: string, limit: string) => tell(node, 'setBandwidth', { bwlimitKiBps: numeric(limit) }));
}
