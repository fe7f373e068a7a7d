import { createServer, type AddressInfo, type Socket } from 'node:net';
import { once } from 'node:events';
import { connectToTemporal, within } from '../../workers/temporal.js';

test('a server that takes the connection and says nothing is given up in time', async () => {
  const taken: Socket[] = [];
  const silent = createServer((socket) => { taken.push(socket); }).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const address = `127.0.0.1:${(silent.address() as AddressInfo).port}`;
  process.env['TEMPORAL_ADDRESS'] = address;
  try {
    await expect(connectToTemporal(300)).rejects.toThrow(`connect failed: ${address}: no answer within 0.3 s`);
  } finally {
    delete process.env['TEMPORAL_ADDRESS'];
    for (const socket of taken) socket.destroy();
    silent.close();
  }
});

test('what comes too late is put away', async () => {
  let give: (value: string) => void = () => undefined;
  const slow = new Promise<string>((resolve) => { give = resolve; });
  const putAway: string[] = [];
  await expect(within(10, 'ask failed', slow, (late) => putAway.push(late))).rejects.toThrow('ask failed: no answer within 0.01 s');
  give('late');
  await slow;
  expect(putAway).toEqual(['late']);
});

test('what comes in time is passed on, an error too', async () => {
  await expect(within(10_000, 'ask failed', Promise.resolve(1))).resolves.toBe(1);
  await expect(within(10_000, 'ask failed', Promise.reject(new Error('no')))).rejects.toThrow('no');
});
