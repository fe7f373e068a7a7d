import type { Command } from 'commander';
import { EXIT, LabError } from '../errors.js';
import { Lab } from '../lab.js';
import { oneOf, show, toNetwork } from './output.js';

const NODE_FAULTS = {
  crash: 'power failure: everything in the node dies at once, silently',
  boot: 'power the node on again; its disks are as they were',
  freeze: 'the node hangs: nothing in it runs, its network still acknowledges',
  thaw: 'the node goes on',
} as const;

/** `crash|boot|freeze|thaw`, `partition|heal`, `slow`, `loss`, `readonly`. */
export function addFaultCommands(root: Command): void {
  for (const action of Object.keys(NODE_FAULTS) as (keyof typeof NODE_FAULTS)[]) {
    root.command(action).description(NODE_FAULTS[action]).argument('<node>').action(async (node: string, _: unknown, command: Command) => {
      await (await Lab.open())[action](node);
      show(command, { node, action }, `${node}: ${action} done`);
    });
  }
  for (const action of ['partition', 'heal'] as const) {
    root.command(action).description(action === 'partition' ? 'pull one network cable' : 'plug it in again')
      .argument('<node>').argument('<network>', 'mgmt, mig or guest')
      .action(async (node: string, network: string, _: unknown, command: Command) => {
        await (await Lab.open())[action](node, toNetwork(network));
        show(command, { node, network, action }, `${node}: ${network} ${action === 'partition' ? 'cut' : 'healed'}`);
      });
  }
  root.command('slow').description('limit a cable in both directions').argument('<node>').argument('<network>', 'mig or mgmt')
    .argument('<rate>', 'such as 100mbit or 1gbit; off')
    .action(async (node: string, network: string, rate: string, _: unknown, command: Command) => {
      if (!/^(off|[1-9]\d*(\.\d+)?[kmg]?(bit|bps))$/.test(rate)) throw new LabError(`${rate} is no rate: say 100mbit, 1gbit or off`, EXIT.usage);
      await (await Lab.open()).slow(node, toNetwork(network, ['mgmt', 'mig']), rate);
      show(command, { node, network, rate }, `${node}: ${network} limit ${rate}`);
    });
  root.command('loss').description('lose packets in each direction; 0 ends it, 100 is a silent black hole').argument('<node>')
    .argument('<network>', 'mig or mgmt').argument('<percent>')
    .option('--only <direction>', 'sent (by the node) or received')
    .action(async (node: string, network: string, text: string, options: { only?: string }, command: Command) => {
      const percent = Number(text);
      if (!(percent >= 0 && percent <= 100)) throw new LabError(`${text} is no percentage`, EXIT.usage);
      const direction = options.only === undefined ? 'both' : oneOf(options.only, ['sent', 'received'] as const);
      await (await Lab.open()).loss(node, toNetwork(network, ['mgmt', 'mig']), percent, direction);
      show(command, { node, network, percent }, `${node}: ${network} loses ${percent} %`);
    });
  root.command('readonly').description('the node sees the PVE root read-only, as without quorum').argument('<node>').argument('<on|off>')
    .action(async (node: string, text: string, _: unknown, command: Command) => {
      const on = oneOf(text, ['on', 'off']) === 'on';
      await (await Lab.open()).readonly(node, on);
      show(command, { node, readonly: on }, `${node}: PVE root ${on ? 'read-only' : 'writable'}`);
    });
}
