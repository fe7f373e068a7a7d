import { existsSync } from 'node:fs';
import { EXIT, LabError } from './errors.js';

/** Program → Debian package. */
const PROGRAMS = {
  ip: 'iproute2', tc: 'iproute2', nft: 'nftables', nsenter: 'util-linux', unshare: 'util-linux', flock: 'util-linux', sysctl: 'procps',
  socat: 'socat', sshd: 'openssh-server', 'ssh-keygen': 'openssh-client', 'qemu-img': 'qemu-utils',
  'qemu-system-x86_64': 'qemu-system-x86', gcc: 'gcc', cpio: 'cpio', depmod: 'kmod',
  'lxc-start': 'lxc', busybox: 'busybox-static', losetup: 'mount', 'mkfs.ext4': 'e2fsprogs', 'mkfs.btrfs': 'btrfs-progs',
} as const;

/** Throws `LabError` (exit 3) with everything that is missing at once. */
export function requireMachine(env: NodeJS.ProcessEnv = process.env): void {
  const missing = process.getuid?.() === 0 ? [] : ['root: network namespaces and mounts need it'];
  for (const [program, debianPackage] of Object.entries(PROGRAMS)) {
    const dirs = [...(env['PATH'] ?? '').split(':'), '/usr/sbin', '/sbin'];
    if (!dirs.some((d) => existsSync(`${d}/${program}`))) missing.push(`${program} (Debian package ${debianPackage})`);
  }
  if (missing.length > 0) throw new LabError(`the lab cannot run here, missing: ${missing.join(', ')}`, EXIT.missing);
}
