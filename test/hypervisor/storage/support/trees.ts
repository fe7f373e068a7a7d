import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';

/** A small tree with everything a container's may hold. */
export async function makeOddTree(dir: string): Promise<void> {
  for (const folder of ['etc', 'data/deep/er', 'empty', 'dev']) mkdirSync(join(dir, folder), { recursive: true });
  writeFileSync(join(dir, 'etc/passwd'), 'root:x:0:0\n', { mode: 0o644 });
  writeFileSync(join(dir, 'etc/shadow'), 'secret', { mode: 0o640 });
  writeFileSync(join(dir, 'data/setuid'), 'x', { mode: 0o755 });
  execFileSync('chmod', ['4755', join(dir, 'data/setuid')]);
  execFileSync('chown', ['100000:100042', join(dir, 'etc/shadow')]);
  linkSync(join(dir, 'etc/passwd'), join(dir, 'data/deep/er/hard'));
  symlinkSync('../etc/passwd', join(dir, 'data/soft'));
  symlinkSync('/nowhere', join(dir, 'data/dangling'));
  writeFileSync(join(dir, 'data/sparse'), 'head');
  truncateSync(join(dir, 'data/sparse'), 64 * 1024 * 1024);
  writeFileSync(join(dir, 'data/nämé with\nbreak \\ and space'), 'odd');
  writeFileSync(Buffer.concat([Buffer.from(`${dir}/data/latin-`), Buffer.from([0xe9])]), 'no utf-8');
  execFileSync('mknod', [join(dir, 'dev/null'), 'c', '1', '3']);
  execFileSync('mknod', [join(dir, 'dev/loop'), 'b', '7', '9']);
  execFileSync('mkfifo', [join(dir, 'dev/fifo')]);
  execFileSync('setfattr', ['-n', 'user.ferry', '-v', 'kept', join(dir, 'etc/passwd')]);
  execFileSync('setfattr', ['-n', 'security.capability', '-v', '0x0100000200040000000000000000000000000000', join(dir, 'data/setuid')]);
  execFileSync('setfacl', ['-m', 'u:1234:rw', join(dir, 'etc/passwd')]);
  execFileSync('setfacl', ['-d', '-m', 'g:77:rx', join(dir, 'data')]);
  utimesSync(join(dir, 'etc/shadow'), 1_600_000_000.123456, 1_600_000_000.123456);
  const socket = createServer().listen(join(dir, 'dev/sock'));
  await once(socket, 'listening');
  // A socket's name stays when its server is gone only if nobody cleans up: its file is moved away meanwhile.
  execFileSync('mv', [join(dir, 'dev/sock'), join(dir, 'dev/socket')]);
  socket.close();
  await once(socket, 'close');
}

/** About what a small Debian is: 7 400 files, 300 MB. */
export function makeManyFiles(dir: string, files: number, totalBytes: number): void {
  const usual = Buffer.alloc(Math.floor(totalBytes / files), 'ferry');
  for (let n = 0; n < files; n += 1) {
    if (n % 40 === 0) mkdirSync(join(dir, `d${n / 40}`));
    writeFileSync(join(dir, `d${Math.floor(n / 40)}`, `f${n}`), usual.subarray(0, Math.floor(usual.length * (n % 2 === 0 ? 0.5 : 1.5))).length === 0 ? '' : Buffer.concat([Buffer.from(String(n)), usual]).subarray(0, Math.max(1, Math.floor(usual.length * (n % 2 === 0 ? 0.2 : 1)))));
  }
}
