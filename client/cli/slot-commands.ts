import type { Command } from 'commander';
import type { SetSlotsFlags, SlotsFlags } from './commands/slots.js';
import type { Io } from './io.js';

/** `ferry slots` and `ferry slots set`. */
export function addSlotCommands(program: Command, io: Io, done: (code: number) => void): void {
  const slots = program.command('slots').description('who holds the slots of the nodes and links, and who waits for one').argument('[node]')
    .option('--link', 'the name is that of a declared link')
    .option('--json', 'as JSON')
    .action(async (name: string | undefined, flags: SlotsFlags) => done(await (await import('./commands/slots.js')).slotsCommand(io, name, flags)));
  slots.command('set').description('change how many migrations may use a node or link at once; counts at once, `default` takes it back').argument('<node>')
    .option('--in <n>', 'transfers that arrive')
    .option('--out <n>', 'transfers that leave')
    .option('--transfer <n>', 'both; of a link: all')
    .option('--prepare <n>', 'reservations that are being made, in each direction')
    .option('--switchover <n>', 'running guests on the move, in each direction')
    .option('--by <name>', 'who says so, for the record (default: you)')
    .option('--link', 'the name is that of a declared link')
    .option('--json', 'the answer as JSON')
    .action(async (name: string, _flags: SetSlotsFlags, command: Command) => done(await (await import('./commands/slots.js')).setSlotsCommand(io, name, command.optsWithGlobals<SetSlotsFlags>())));
}
