import type { Command } from 'commander';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Lab } from '../lab.js';
import { oneOf, show, toInteger } from './output.js';

interface CreateOptions {
  readonly node: string;
  readonly rootfs?: string;
  readonly files?: string;
  readonly sizeMib?: string;
  readonly service?: string;
  readonly memory?: string;
  readonly hostname?: string;
  readonly stubborn?: boolean;
}

/** `ct create|start|stop|status|probe`. */
export function addCtCommands(root: Command): void {
  const ct = root.command('ct').description('containers that prove themselves');
  ct.command('create').description('make a container: config and root file system').argument('<vmid>')
    .requiredOption('--node <name>')
    .option('--rootfs <storage:size>', 'size 0: a directory, or a subvolume on btrfs; otherwise an image (default local:0)')
    .option('--files <n>', 'how many files of data it is made with').option('--size-mib <MiB>', 'how much is in them all together')
    .option('--service <kind>', 'http answers on port 80; counter also writes to its disk every 20 ms (default http)')
    .option('--memory <MiB>').option('--hostname <name>')
    .option('--stubborn', 'its init ignores the halt signal')
    .action(async (vmidText: string, options: CreateOptions, command: Command) => {
      const vmid = toInteger(vmidText, 'vmid');
      const number = (key: string, what: string, text?: string): Record<string, number> => (text === undefined ? {} : { [key]: toInteger(text, what) });
      await (await Lab.open()).ctCreate(vmid, options.node, {
        ...(options.rootfs === undefined ? {} : { rootfs: options.rootfs }),
        ...(options.service === undefined ? {} : { service: oneOf(options.service, ['http', 'counter'] as const) }),
        ...(options.hostname === undefined ? {} : { hostname: options.hostname }),
        ...number('files', '--files', options.files),
        ...number('dataMiB', '--size-mib', options.sizeMib),
        ...number('memoryMiB', '--memory', options.memory),
        stubborn: options.stubborn === true,
      });
      show(command, { vmid, node: options.node }, `CT ${vmid} made on ${options.node}`);
    });
  for (const action of ['start', 'status'] as const) {
    ct.command(action).description(action === 'start' ? 'start the container on its node' : 'tell whether it runs there').argument('<vmid>')
      .action(async (vmidText: string, _: unknown, command: Command) => {
        const vmid = toInteger(vmidText, 'vmid');
        const lab = await Lab.open();
        const done = await (action === 'start' ? lab.ctStart(vmid) : lab.ctStatus(vmid));
        show(command, { ...done }, done.sentence);
      });
  }
  ct.command('stop').description('let the container halt').argument('<vmid>')
    .option('--timeout <seconds>', 'how long it may take').option('--kill', 'end it when it has not halted')
    .action(async (vmidText: string, options: { timeout?: string; kill?: boolean }, command: Command) => {
      const done = await (await Lab.open()).ctStop(toInteger(vmidText, 'vmid'), {
        kill: options.kill === true, ...(options.timeout === undefined ? {} : { timeoutSeconds: toInteger(options.timeout, '--timeout') }),
      });
      show(command, { ...done }, done.sentence);
    });
  ct.command('probe').description('ask its service from outside until Ctrl-C, then tell its longest silence').argument('<vmid>')
    .option('--seconds <n>', 'end by itself')
    .action(async (vmidText: string, options: { seconds?: string }, command: Command) => {
      const probe = await (await Lab.open()).ctProbe(toInteger(vmidText, 'vmid'));
      const interrupted = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
      await (options.seconds === undefined ? interrupted : Promise.race([interrupted, sleep(toInteger(options.seconds, '--seconds') * 1000)]));
      const report = await probe.stop();
      show(command, { ...report }, JSON.stringify(report, null, 2));
    });
}
