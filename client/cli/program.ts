import { Command, CommanderError, Option } from 'commander';
import type { ResolveFlags } from './commands/resolve.js';
import { normalizeArgv } from './argv.js';
import { addEvacuationCommands } from './evacuation-commands.js';
import { withPlanOptions, type EvacuationFlags } from './evacuation-request.js';
import { EXIT, EXIT_CODES_HELP } from './exit-codes.js';
import type { Io } from './io.js';
import type { MigrateFlags } from './request.js';
import { addSlotCommands } from './slot-commands.js';

export interface OutputFlags {
  readonly json?: boolean;
}

/**
 * Runs one `ferry` command line (without the program's name); resolves to its exit code, never throws for what an
 * operator can cause. Commands are loaded when they are called: `ferry --help` must not load Temporal.
 */
export async function runFerry(argv: readonly string[], io: Io): Promise<number> {
  let exitCode: number = EXIT.ok;
  const program = buildProgram(io, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(normalizeArgv(argv), { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    const { reportError } = await import('./report-error.js');
    return reportError(io, error);
  }
}

function buildProgram(io: Io, done: (code: number) => void): Command {
  const program = new Command('ferry')
    .description('Moves running guests between the nodes of a cluster. Services: `ferry agent`, `ferry control`; a guest on this node: `ferry vm`.')
    .exitOverride()
    .configureOutput({ writeOut: (text) => void io.stdout.write(text), writeErr: (text) => void io.stderr.write(text) })
    .showHelpAfterError('(see `ferry --help`)')
    .addHelpText('after', EXIT_CODES_HELP);
  withRequestOptions(program.command('migrate').description('move a guest to another node and follow it to its end').argument('<vmid>').argument('<target>'))
    .option('--wait', 'follow it to its end (the default)')
    .addOption(new Option('--detach', 'return as soon as it has started').conflicts('wait'))
    .option('--json', 'one JSON object per line, the report last')
    .action(async (vmid: string, target: string, flags: MigrateFlags & OutputFlags & { detach?: boolean; wait?: boolean }) =>
      done(await (await import('./commands/migrate.js')).migrateCommand(io, vmid, target, flags)));
  withRequestOptions(program.command('check').description('say whether a guest could be moved, and every reason why not; touches nothing').argument('<vmid>').argument('<target>'))
    .option('--json', 'the verdict as JSON')
    .action(async (vmid: string, target: string, flags: MigrateFlags & OutputFlags) =>
      done(await (await import('./commands/check.js')).checkCommand(io, vmid, target, flags)));
  withPlanOptions(program.command('plan').description('say what would be done, without touching anything')
    .command('evacuate').description('how a node would be emptied: who goes where, when, and who stays for what reason').argument('<node>'))
    .option('--json', 'the plan as JSON')
    .option('--html <file>', 'write the plan as a page')
    .action(async (node: string, flags: EvacuationFlags & OutputFlags & { html?: string }) => done(await (await import('./commands/plan-evacuate.js')).planEvacuateCommand(io, node, flags)));
  program.command('list').description('migrations that run or started within a day')
    .option('--all', 'everything the server still knows')
    .option('--json', 'as JSON')
    .action(async (flags: OutputFlags & { all?: boolean }) => done(await (await import('./commands/list.js')).listCommand(io, flags)));
  program.command('show').description("the newest migration of a guest: its progress, or its report").argument('<vmid|workflowId>')
    .option('--watch', 'follow a running one to its end')
    .option('--json', 'as JSON')
    .option('--html <file>', 'write the report as a page')
    .action(async (what: string, flags: OutputFlags & { watch?: boolean; html?: string }) =>
      done(await (await import('./commands/show.js')).showCommand(io, what, flags)));
  program.command('cancel').description('stop the running migration of a guest: it stays where it was').argument('<vmid|workflowId>')
    .option('--wait', 'until the guest is back (exit 0), or is found to have moved already (exit 1)')
    .option('--json', 'one JSON object per line')
    .action(async (what: string, flags: OutputFlags & { wait?: boolean }) => done(await (await import('./commands/cancel.js')).cancelCommand(io, what, flags)));
  program.command('steer').description('change a running migration, from its next round on').argument('<vmid|workflowId>')
    .option('--downtime-limit <ms>', 'longest time the guest may stand still')
    .option('--bwlimit <KiB/s>', 'bandwidth, 0 for unlimited')
    .action(async (what: string, flags: { downtimeLimit?: string; bwlimit?: string }) =>
      done(await (await import('./commands/steer.js')).steerCommand(io, what, flags)));
  program.command('resolve').description('tell a migration that waits for an operator what to do').argument('<vmid|workflowId>')
    .option('--confirm-fenced <node>', 'your word that this silent node is switched off or has been rebooted')
    .option('--retry-now', 'try again at once what it waits for')
    .option('--give-up', 'before its commit: undo what can be reached, leave the rest to its node')
    .option('--by <name>', 'who says so, for the record (default: you)')
    .option('--json', 'the answer as JSON')
    .action(async (what: string, flags: ResolveFlags) => done(await (await import('./commands/resolve.js')).resolveCommand(io, what, flags)));
  program.command('reconcile').description('compare journals, workflows and nodes; settle what closed workflows left, list what is nobody\'s')
    .option('--node <node>', 'only this node')
    .option('--dry-run', 'only look')
    .option('--wait', 'until everything is settled')
    .option('--json', 'as JSON')
    .action(async (flags: OutputFlags & { node?: string; dryRun?: boolean; wait?: boolean }) => done(await (await import('./commands/reconcile.js')).reconcileCommand(io, flags)));
  addEvacuationCommands(program, io, done);
  addSlotCommands(program, io, done);
  return program;
}

function withRequestOptions(command: Command): Command {
  return command
    .option('--online', 'move it while it runs (default: live if it runs)')
    .option('--no-online', 'only move it if it is stopped')
    .option('--with-local-disks', 'copy local disks too (the default)')
    .option('--no-with-local-disks', 'refuse if that would be needed')
    .option('--target-storage <map>', 'where disks go: `1` (same names), `dst`, `src:dst,…`')
    .option('--target-format <format>', 'image format of copied disks: raw or qcow2')
    .option('--bwlimit <KiB/s>', 'bandwidth for memory and disks together, 0 for unlimited')
    .option('--migration-network <CIDR>', 'network the bytes take')
    .option('--migration-type <type>', 'secure, insecure or tls')
    .option('--downtime-limit <ms>', 'longest time the guest may stand still')
    .option('--convergence-deadline <s>', 'give up copying memory after this long')
    .option('--max-cpu-throttle <%>', 'slow the guest down at most so far')
    .option('--silence-timeout <s>', 'give up when nothing moves, or the target is not heard of, for so long')
    .option('--restart', 'a running container (or VM): stop it, move it, start it again')
    .option('--offline-shutdown', 'a running VM: shut it down, move it, start it again')
    .option('--timeout <s>', 'how long it may take to shut down (180)')
    .option('--health-check <what>', 'what has to answer on the target, or it goes back: tcp:<port>, http:<port>/<path>')
    .option('--priority <1-5>', 'who is first when slots are short: 1 first, 5 last (3)')
    .option('--reason <text>', 'why, for the record')
    .option('--force', 'move a stopped VM although it uses local devices; no effect on a running guest');
}
