import { createServer } from 'node:net';
import { createCopyServer } from '../hypervisor/storage/copy/server.js';

/** The target's half of `bench/copy.ts`, a process of its own: writes what comes into the file it is given, and says at which port. */
const file = process.argv[2] ?? '';
const copies = createCopyServer({ resolve: () => file });
const server = createServer((stream) => { void copies.serve(stream); }).listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.stdout.write(`${typeof address === 'object' ? address?.port ?? '' : ''}\n`);
});
