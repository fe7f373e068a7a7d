import { MigrationError } from '../../../../domain/errors.js';
import { createHandoffClient } from '../../../../hypervisor/transport/handoff/client.js';
import { showsLife } from '../../../../hypervisor/transport/handoff/sign-of-life.js';
import { Bench, REF, armed } from './bench.js';

const withCode = (code: string): Error => Object.assign(new Error(code), { code });

test.each([
  ['a refused connection', withCode('ECONNREFUSED'), true],
  ['one that was reset', withCode('ECONNRESET'), true],
  ['a refusal inside our own error', new MigrationError('TransportFailed', 'connect failed', {}, withCode('ECONNREFUSED')), true],
  ['a channel that sshd refused', Object.assign(new Error('(SSH) Channel open failure'), { reason: 2 }), true],
  ['a network without a way', withCode('EHOSTUNREACH'), false],
  ['no answer in time', new Error('no answer within 2500 ms'), false],
  ['a text', 'nothing', false],
])('%s shows life: %s', (_title, error, life) => {
  expect(showsLife(error)).toBe(life);
});

async function heardAfter(dial: () => Promise<never>): Promise<boolean> {
  let dials = 0;
  const client = createHandoffClient({ ...REF, secret: null, dial: () => { dials += 1; return dial(); } });
  const madeAtMs = client.heardAtMs;
  while (dials < 2) await new Promise((resolve) => { setTimeout(resolve, 5); });
  const heard = client.heardAtMs > madeAtMs;
  await client.close();
  return heard;
}

test('a target whose host refuses is heard of, one that does not answer is not', async () => {
  expect(await heardAfter(() => Promise.reject(withCode('ECONNREFUSED')))).toBe(true);
  expect(await heardAfter(() => Promise.reject(withCode('ETIMEDOUT')))).toBe(false);
});

test('both sides know when they last heard of each other', async () => {
  const bench = new Bench();
  try {
    const server = await bench.serve('unix');
    const { client } = bench.connect('unix', server.endpoint);
    await armed(client);
    const [clientMs, serverMs] = [client.heardAtMs, server.heardAtMs];
    while (client.heardAtMs === clientMs || server.heardAtMs === serverMs) await new Promise((resolve) => { setTimeout(resolve, 20); });
    expect(performance.now() - client.heardAtMs).toBeLessThan(2500);
  } finally {
    await bench.close();
  }
});
