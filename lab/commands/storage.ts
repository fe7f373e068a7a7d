import type { Command } from 'commander';
import { Lab } from '../lab.js';
import { oneOf, show, toInteger } from './output.js';

/** `storage add|full|free`. */
export function addStorageCommands(root: Command): void {
  const storage = root.command('storage').description('storages of limited size, beside local, fast and shared');
  storage.command('add').description('make one on every node, each its own, and write it into storage.cfg')
    .argument('<type>', 'btrfs, or dir (ext4)').argument('<name>')
    .option('--size <MiB>', 'default 64, of btrfs 512')
    .action(async (type: string, name: string, options: { size?: string }, command: Command) => {
      const lab = await Lab.open();
      await lab.storages.add(oneOf(type, ['btrfs', 'dir'] as const), name, options.size === undefined ? {} : { sizeMiB: toInteger(options.size, '--size') });
      show(command, { type, name }, `storage ${name} (${type}) is on ${lab.nodes.join(', ')}`);
    });
  for (const action of ['full', 'free'] as const) {
    storage.command(action).description(action === 'full' ? 'fill it up: who writes there meets "no space left"' : 'give the space back')
      .argument('<node>').argument('<name>')
      .action(async (node: string, name: string, _: unknown, command: Command) => {
        await (await Lab.open()).storages[action](node, name);
        show(command, { node, name, action }, `${node}: storage ${name} is ${action === 'full' ? 'full' : 'free again'}`);
      });
  }
}
