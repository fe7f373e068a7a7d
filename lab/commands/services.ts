import type { Command } from 'commander';
import { Lab } from '../lab.js';
import { oneOf, show } from './output.js';

const ACTIONS = ['start', 'stop', 'kill'] as const;
const ACTION_HELP = 'stop (TERM, stays away), start, kill (SIGKILL; a supervised one is started again at once)';

/** `agent`, `control`, `temporal`. */
export function addServiceCommands(root: Command): void {
  root.command('agent').description('the agent of a node').argument('<node>').argument('<action>', ACTION_HELP)
    .action(async (node: string, text: string, _: unknown, command: Command) => {
      const action = oneOf(text, ACTIONS);
      await (await Lab.open()).agent(node, action);
      show(command, { node, action }, `agent of ${node}: ${action} done`);
    });
  for (const service of ['control', 'temporal'] as const) {
    root.command(service).description(service === 'control' ? 'the control worker' : 'the Temporal server; `start` brings it back after `kill`')
      .argument('<action>', ACTION_HELP)
      .action(async (text: string, _: unknown, command: Command) => {
        const action = oneOf(text, ACTIONS);
        await (await Lab.open())[service](action);
        show(command, { service, action }, `${service}: ${action} done`);
      });
  }
}
