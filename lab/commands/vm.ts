import type { Command } from 'commander';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Lab } from '../lab.js';
import { insideNode } from '../node.js';
import { serialSocket } from '../vm.js';
import { show, toInteger } from './output.js';

interface CreateOptions {
  readonly node: string;
  readonly memory?: string;
  readonly cores?: string;
  readonly disk: string[];
  readonly dirty?: string;
  readonly workingSet?: string;
  readonly name?: string;
}

/** `vm create|start|stop|console|probe`. */
export function addVmCommands(root: Command): void {
  const vm = root.command('vm').description('guests that prove themselves');
  vm.command('create').description('make a guest: config and disks').argument('<vmid>')
    .requiredOption('--node <name>')
    .option('--memory <MiB>').option('--cores <n>').option('--name <name>')
    .option('--disk <storage:size[,format=raw|qcow2][,bus=scsi|virtio]>', 'a disk on local, fast or shared; repeatable', (d: string, all: string[]) => [...all, d], [])
    .option('--dirty <MiB/s>', 'how fast the guest rewrites its working set')
    .option('--working-set <MiB>', 'size of its memory canary (default: a quarter of its memory)')
    .action(async (vmidText: string, options: CreateOptions, command: Command) => {
      const vmid = toInteger(vmidText, 'vmid');
      const number = (key: string, what: string, text?: string): Record<string, number> => (text === undefined ? {} : { [key]: toInteger(text, what) });
      const lab = await Lab.open();
      await lab.vmCreate(vmid, options.node, {
        disks: options.disk,
        ...(options.name === undefined ? {} : { name: options.name }),
        ...number('memoryMiB', '--memory', options.memory),
        ...number('cores', '--cores', options.cores),
        ...number('dirtyMiBps', '--dirty', options.dirty),
        ...number('workingSetMiB', '--working-set', options.workingSet),
      });
      show(command, { vmid, node: options.node }, `VM ${vmid} made on ${options.node}`);
    });
  for (const action of ['start', 'stop'] as const) {
    vm.command(action).description(`${action} the guest on its node`).argument('<vmid>')
      .action(async (vmidText: string, _: unknown, command: Command) => {
        const vmid = toInteger(vmidText, 'vmid');
        const lab = await Lab.open();
        await (action === 'start' ? lab.vmStart(vmid) : lab.vmStop(vmid));
        show(command, { vmid, node: lab.vmNode(vmid) }, `VM ${vmid} ${action === 'start' ? 'started' : 'stopped'} on ${lab.vmNode(vmid)}`);
      });
  }
  vm.command('console').description('the guest\'s serial console; Ctrl-] leaves it').argument('<vmid>').action(async (vmidText: string) => {
    const vmid = toInteger(vmidText, 'vmid');
    const lab = await Lab.open();
    const socat = ['socat', process.stdin.isTTY ? '-,raw,echo=0,escape=0x1d' : '-,ignoreeof', `UNIX-CONNECT:${serialSocket(vmid)}`];
    const [program = '', ...args] = insideNode(lab.layout, lab.state, lab.vmNode(vmid), socat);
    const [code] = (await once(spawn(program, args, { stdio: 'inherit' }), 'exit')) as [number | null];
    process.exitCode = code ?? 128;
  });
  vm.command('probe').description('watch the guest from outside until Ctrl-C, then tell its longest silence').argument('<vmid>')
    .option('--seconds <n>', 'end by itself')
    .action(async (vmidText: string, options: { seconds?: string }, command: Command) => {
      const lab = await Lab.open();
      const probe = await lab.probe(toInteger(vmidText, 'vmid'));
      const interrupted = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
      await (options.seconds === undefined ? interrupted : Promise.race([interrupted, sleep(toInteger(options.seconds, '--seconds') * 1000)]));
      const report = await probe.stop();
      show(command, { ...report }, JSON.stringify(report, null, 2));
    });
}
