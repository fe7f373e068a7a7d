import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { MIB } from '../domain/units.js';
import { copyBlocks } from '../hypervisor/storage/copy/blocks/copy-blocks.js';
import { chunkBytesFor } from '../hypervisor/storage/copy/blocks/geometry.js';
import { renderCopies, type CopyRun } from './copy-table.js';

const run = promisify(execFile);
const HERE = dirname(fileURLToPath(import.meta.url));
const LINK = '127.0.0.1';

interface Image {
  readonly name: string;
  readonly file: string;
  readonly format: 'raw' | 'qcow2';
  /** As the guest sees it. */
  readonly sizeBytes: number;
  readonly dataBytes: number;
}

/**
 * One image from one process to another over TCP on this machine, by ferry's engine with everything it does (hashed at both ends, on
 * the target's disk, read again there and compared) and by qemu-img through NBD, in turn. MIB: data in a full image (default
 * 1024). RUNS: of each (default 5). What counts are the ratios; both begin with nothing of the image in the page cache.
 */
async function main(): Promise<void> {
  const [dataBytes, runs] = [Number(process.env['MIB'] ?? 1024) * MIB, Number(process.env['RUNS'] ?? 5)];
  const dir = mkdtempSync(join(tmpdir(), 'bench-'));
  try {
    const seen: CopyRun[] = [];
    for (const image of makeImages(dir, dataBytes)) {
      for (let turn = 0; turn < runs; turn += 1) {
        for (const [how, copy] of WAYS) {
          const target = join(dir, 'target');
          rmSync(target, { force: true });
          forget(image.file);
          seen.push({ image: image.name, how, mibPerSecond: image.dataBytes / MIB / await copy(image, target) });
          if (how !== 'cp') requireSame(image, target);
        }
        console.error(`${image.name} ${turn + 1}/${runs}`);
      }
      rmSync(image.file);
    }
    console.log(renderCopies(seen));
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

type Copy = (image: Image, target: string) => Promise<number>;

const WAYS: readonly (readonly [how: CopyRun['how'], copy: Copy])[] = [
  ['ferry', byFerry],
  ['convert', (image, target) => byQemuImg(image, target, 'page cache')],
  ['convert, on disk', (image, target) => byQemuImg(image, target, 'disk')],
  ['convert, on disk, compared', (image, target) => byQemuImg(image, target, 'compared')],
  ['cp', byCp],
];

async function byFerry(image: Image, target: string): Promise<number> {
  writeFileSync(target, '');
  const child = spawn(process.execPath, [join(HERE, 'copy-target.js'), target], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [port] = await once(child.stdout, 'data') as [Buffer];
  const dial = async (): Promise<ReturnType<typeof connect>> => {
    const socket = connect(Number(port.toString()), LINK);
    await once(socket, 'connect');
    return socket;
  };
  const seconds = await timed(() => copyBlocks({ dial, volume: 'bench', path: image.file, chunkBytes: chunkBytesFor(image.sizeBytes, 'all') }));
  await ended(child);
  return seconds;
}

/** As PVE's tools would, given a link: qemu-img here, qemu-nbd there. `compared`: read again through the same link, as its only way to prove it. */
async function byQemuImg({ file, format, sizeBytes }: Image, target: string, until: 'page cache' | 'disk' | 'compared'): Promise<number> {
  const port = await freePort();
  execFileSync('qemu-img', ['create', '-q', '-f', format, target, String(sizeBytes)]);
  const child = spawn('qemu-nbd', ['-f', format, '-b', LINK, '-p', String(port), '-t', '-e', '8', '--discard=unmap', target], { stdio: 'ignore' });
  for (let there = false; !there; await sleep(5)) {
    there = await new Promise<boolean>((resolve) => { const probe = connect(port, LINK, () => { probe.destroy(); resolve(true); }).on('error', () => resolve(false)); });
  }
  const url = `nbd://${LINK}:${port}`;
  const seconds = await timed(async () => {
    await run('qemu-img', ['convert', '-n', '--target-is-zero', '-f', format, '-O', 'raw', file, url]);
    if (until !== 'page cache') execFileSync('sync', [target]);
    if (until !== 'compared') return;
    forget(target);
    await run('qemu-img', ['compare', '-q', '-f', format, '-F', 'raw', file, url]);
  });
  await ended(child);
  return seconds;
}

/** No link at all: the least that the disk takes. */
function byCp({ file }: Image, target: string): Promise<number> {
  return timed(async () => {
    await run('cp', ['--sparse=auto', file, target]);
    execFileSync('sync', [target]);
  });
}

function makeImages(dir: string, dataBytes: number): Image[] {
  return ([['raw', 1], ['raw', 4], ['qcow2', 1], ['qcow2', 4]] as const).map(([format, times]) => {
    const [file, sizeBytes] = [join(dir, `source-${times}.${format}`), dataBytes * times];
    execFileSync('qemu-img', ['create', '-q', '-f', format, file, String(sizeBytes)]);
    // A piece of data in each of eight parts, so that the holes of a sparse one lie between them.
    const pieceBytes = dataBytes / 8;
    const random = join(dir, 'random');
    for (let piece = 0; piece < 8; piece += 1) {
      execFileSync('sh', ['-c', 'head -c "$1" /dev/urandom > "$2"', 'sh', String(pieceBytes), random]);
      execFileSync('qemu-io', ['-f', format, '-c', `write -q -s ${random} ${piece * pieceBytes * times} ${pieceBytes}`, file], { stdio: 'ignore' });
    }
    rmSync(random);
    return { name: `${format}, ${times === 1 ? 'full' : 'three quarters holes'}`, file, format, sizeBytes, dataBytes };
  });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, LINK);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** What is read next comes from the disk. */
function forget(file: string): void {
  execFileSync('sync', [file]);
  execFileSync('dd', [`if=${file}`, 'iflag=nocache', 'count=0', 'status=none']);
}

function requireSame({ file, format }: Image, target: string): void {
  execFileSync('qemu-img', ['compare', '-q', '-f', format, '-F', format, file, target]);
  const [source, copy] = [statSync(file).blocks, statSync(target).blocks];
  if (copy > source * 1.1 + 2048) throw new Error(`the copy takes ${copy} blocks, the image ${source}`);
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const beganAtMs = performance.now();
  await work();
  return (performance.now() - beganAtMs) / 1000;
}

async function ended(child: ChildProcess): Promise<void> {
  const over = once(child, 'exit');
  child.kill('SIGTERM');
  await over;
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
