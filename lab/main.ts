import { Command, CommanderError } from 'commander';
import { addCtCommands } from './commands/ct.js';
import { addFailCommand } from './commands/fail.js';
import { addFaultCommands } from './commands/faults.js';
import { addLabCommands } from './commands/lab.js';
import { addServiceCommands } from './commands/services.js';
import { addStorageCommands } from './commands/storage.js';
import { addVmCommands } from './commands/vm.js';
import { EXIT, LabError } from './errors.js';

const EXIT_CODES = `
Exit codes: 0 done · 1 failed · 2 bad arguments · 3 the machine lacks something · 4 no such lab, node or guest, or not in the
state the command needs. \`exec\` ends with the exit code of its command.
The lab lives in FERRY_LAB_DIR (default: var/lab in the project); several can be up side by side.`;

/** `ferry-lab`: a whole cluster on one machine. */
function program(): Command {
  const root = new Command('ferry-lab')
    .description('A whole PVE-style cluster on one machine: nodes, networks, guests that prove themselves, and faults')
    .option('--json', 'one JSON object on stdout')
    .addHelpText('after', EXIT_CODES)
    .enablePositionalOptions()
    .exitOverride();
  addLabCommands(root);
  addVmCommands(root);
  addCtCommands(root);
  addStorageCommands(root);
  addFaultCommands(root);
  addFailCommand(root);
  addServiceCommands(root);
  for (const command of root.commands) inherit(command);
  return root;
}

/** `--json` may stand before or after the command; errors of every command come here. */
function inherit(command: Command): void {
  if (command.commands.length === 0) command.option('--json', 'one JSON object on stdout');
  command.exitOverride();
  command.commands.forEach(inherit);
}

async function main(argv: readonly string[]): Promise<number> {
  const wantsJson = argv.slice(0, argv.includes('--') ? argv.indexOf('--') : undefined).includes('--json');
  try {
    await program().parseAsync(argv, { from: 'user' });
    return Number(process.exitCode ?? EXIT.ok);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    const message = error instanceof Error ? error.message : String(error);
    const exitCode = error instanceof LabError ? error.exitCode : EXIT.failed;
    if (wantsJson) console.log(JSON.stringify({ ok: false, error: message, exitCode }));
    else console.error(`ferry-lab: ${message}`);
    return exitCode;
  }
}

process.exitCode = await main(process.argv.slice(2));
