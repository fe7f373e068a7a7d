import type { Command } from 'commander';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dismantle } from '../assemble.js';
import { Lab } from '../lab.js';
import { layoutOf } from '../layout.js';
import { insideNode } from '../node.js';
import { type LabReport, describeLab } from '../status.js';
import { show, toInteger } from './output.js';

/** `up`, `down`, `status`, `exec`. */
export function addLabCommands(root: Command): void {
  root.command('up').description('make the lab, or complete one that is up')
    .option('--nodes <n>', 'how many nodes (default 3)')
    .option('--memory <MiB>', 'what each node says it gives to its guests (default: what the machine has free)')
    .option('--no-agents', 'start no node agents and no control worker')
    .option('--no-temporal', 'start no Temporal server')
    .action(async (options: { nodes?: string; memory?: string; agents: boolean; temporal: boolean }, command: Command) => {
      const { agents, temporal } = options;
      const lab = await Lab.up({ agents, temporal, ...(options.nodes === undefined ? {} : { nodes: toInteger(options.nodes, '--nodes') }), ...(options.memory === undefined ? {} : { memoryMiB: toInteger(options.memory, '--memory') }) });
      const report = await describeLab(lab);
      show(command, { ...report }, describe(report));
    });
  root.command('down').description('leave nothing running; guests, disks and history stay for the next `up`')
    .option('--purge', 'remove the state directory too')
    .action(async (options: { purge?: boolean }, command: Command) => {
      const layout = layoutOf();
      await dismantle(layout, { purge: options.purge ?? false });
      show(command, { dir: layout.dir }, options.purge ? `the lab in ${layout.dir} is gone` : `the lab in ${layout.dir} is down`);
    });
  root.command('status').description('nodes, guests and services').action(async (_: unknown, command: Command) => {
    const report = await describeLab(await Lab.open());
    show(command, { ...report }, describe(report));
  });
  root.command('exec').description('run a command inside a node').argument('<node>').argument('<command...>')
    .passThroughOptions()
    .action(async (node: string, words: string[], _: unknown, command: Command) => {
      const lab = await Lab.open();
      const argv = words[0] === '--' ? words.slice(1) : words;
      if (command.optsWithGlobals<{ json?: boolean }>().json) {
        const done = await lab.exec(node, argv);
        show(command, { ...done }, '');
        process.exitCode = done.exitCode;
        return;
      }
      const [program = '', ...rest] = insideNode(lab.layout, lab.state, node, argv);
      const child = spawn(program, rest, { stdio: 'inherit' });
      const [code] = (await once(child, 'exit')) as [number | null];
      process.exitCode = code ?? 128;
    });
}

function describe(report: LabReport): string {
  const temporal = report.temporal
    ? `${report.temporal.address}${report.temporal.uiAddress ? `, UI http://${report.temporal.uiAddress}` : ''}${report.temporal.running ? '' : ' (not running)'}`
    : 'none';
  return [
    `lab ${report.id} in ${report.dir}`,
    ...report.nodes.map((n) => {
      const faults = [...n.partitioned.map((p) => `no ${p}`), ...(n.readonly ? ['read-only'] : [])];
      const guests = n.guests.map((g) => `${g.vmid} ${g.running ? 'running' : 'stopped'}`).join(', ') || '-';
      return `  ${n.name.padEnd(6)} ${n.state.padEnd(7)} mgmt ${n.mgmt}  mig ${n.mig}  agent ${n.agent.padEnd(8)} guests ${guests}${faults.length ? `  [${faults.join(', ')}]` : ''}`;
    }),
    `  control ${report.control}`,
    `  temporal ${temporal}`,
  ].join('\n');
}
