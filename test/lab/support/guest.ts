import { join } from 'node:path';
import type { Lab } from '../../../lab/lab.js';

export interface TestGuest {
  readonly vmid: number;
  readonly node: string;
  readonly memoryMiB: number;
  readonly workingSetMiB: number;
  readonly dirtyMiBps: number;
  /** Stands still until it is told to go on. */
  readonly paused?: boolean;
  /** raw images, attached in this order. */
  readonly disks: readonly { readonly file: string; readonly bus: 'scsi' | 'virtio' }[];
}

/** A guest by a QEMU line of the test's own: the lab's guest is tested apart from the product. QMP and gdb sockets in `/run`. */
export async function startTestGuest(lab: Lab, guest: TestGuest): Promise<void> {
  const tap = `tap${guest.vmid}i0`;
  const images = join(lab.layout.home, 'var/guest');
  const append = `console=ttyS0 quiet nokaslr no_timer_check ferry.ip=10.30.0.${guest.vmid}/24 ferry.ws=${guest.workingSetMiB} ferry.dirty=${guest.dirtyMiBps} ferry.disks=${guest.disks.length}`;
  await must(lab, guest.node, ['ip', 'tuntap', 'add', tap, 'mode', 'tap']);
  await must(lab, guest.node, ['ip', 'link', 'set', tap, 'master', 'vmbr0', 'up']);
  await must(lab, guest.node, [
    'qemu-system-x86_64', '-machine', 'pc,accel=tcg', '-cpu', 'qemu64', '-smp', '1', '-m', String(guest.memoryMiB), '-nodefaults', '-vga', 'none', '-display', 'none',
    '-chardev', `socket,id=serial0,path=/run/qemu-server/${guest.vmid}.serial0,server=on,wait=off`, '-serial', 'chardev:serial0',
    '-qmp', `unix:/run/qemu-server/${guest.vmid}.qmp,server=on,wait=off`, '-gdb', `unix:/run/qemu-server/${guest.vmid}.gdb,server=on,wait=off`,
    '-pidfile', `/run/qemu-server/${guest.vmid}.pid`, '-daemonize', ...(guest.paused === true ? ['-S'] : []),
    '-kernel', join(images, 'vmlinuz'), '-initrd', join(images, 'initrd.img'), '-append', append,
    '-netdev', `tap,id=net0,ifname=${tap},script=no,downscript=no`, '-device', 'virtio-net-pci,netdev=net0,mac=02:30:00:00:00:' + guest.vmid.toString(16),
    '-device', 'virtio-scsi-pci,id=scsihw0',
    ...guest.disks.flatMap((disk, i) => [
      '-drive', `file=${disk.file},if=none,id=drive${i},format=raw,cache=none`,
      '-device', disk.bus === 'scsi' ? `scsi-hd,bus=scsihw0.0,scsi-id=${i},drive=drive${i}` : `virtio-blk-pci,drive=drive${i}`,
    ]),
  ]);
}

/** Runs QMP commands one after the other; the last answer. */
export async function qmp(lab: Lab, node: string, vmid: number, commands: readonly Record<string, unknown>[]): Promise<unknown> {
  const script = commands.map((c) => JSON.stringify(c)).join('\n');
  return JSON.parse(await must(lab, node, ['node', join(lab.layout.home, 'test/lab/support/qmp.mjs'), `/run/qemu-server/${vmid}.qmp`, script])) as unknown;
}

export async function must(lab: Lab, node: string, argv: readonly string[]): Promise<string> {
  const done = await lab.exec(node, argv);
  if (done.exitCode !== 0) throw new Error(`${argv.join(' ')} on ${node}: exit ${done.exitCode}: ${done.stderr}`);
  return done.stdout;
}
