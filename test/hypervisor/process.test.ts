import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { awaitEnd, identify, isDying } from '../../hypervisor/process.js';

/** Holds memory, whose return takes a while, and a port, which its last thread gives back. */
const HEAVY = `
  const memory = Buffer.alloc(512 << 20, 1);
  const server = require('node:net').createServer().listen(0, '127.0.0.1', () => console.log(server.address().port, memory.length));
`;

test('a killed process has ended when its last thread has closed its files, not when its first is a zombie', async () => {
  for (let round = 0; round < 3; round++) {
    const child = spawn(process.execPath, ['-e', HEAVY], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const identity = identify(child.pid ?? 0);
    if (identity === null) throw new Error('it has not begun');
    child.kill('SIGKILL');
    expect(await awaitEnd(identity, 20_000)).toBe(true);
    expect(isDying(identity.pid)).toBe(false);
    const server = createServer().listen(parseInt(String(line)), '127.0.0.1');
    await once(server, 'listening');
    server.close();
  }
});
