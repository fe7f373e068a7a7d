import { EventEmitter, once } from 'node:events';
import type { HandoffAnswer } from '../../../../hypervisor/transport/handoff/client.js';
import type { HandoffServerOptions } from '../../../../hypervisor/transport/handoff/server.js';
import type { ListenOn } from '../../../../hypervisor/transport/listen-spec.js';
import { Bench, COMMITTED, armed, lost, trouble, type Kind } from './bench.js';

let bench: Bench;
beforeEach(() => { bench = new Bench(); });
afterEach(() => bench.close());

describe.each<Kind>(['unix', 'tcp', 'tls'])('over %s', (kind) => {
  test('the target is armed, hears that the disks are complete and the hand-over, and its answer comes back', async () => {
    const heard: string[] = [];
    const server = await bench.serve(kind, {
      onMirrorsFinished: () => { heard.push('mirrors finished'); },
      onHandover: (statement) => { heard.push(JSON.stringify(statement)); return Promise.resolve(COMMITTED); },
    });
    const { client } = bench.connect(kind, server.endpoint);
    expect(client.armed).toBe(false);
    await armed(client);
    client.mirrorsFinished();
    client.mirrorsFinished();
    const begun = performance.now();
    await expect(client.handOver({ completed: true })).resolves.toEqual(COMMITTED);
    console.log(`handoff over ${kind}: HANDOVER and answer ${(performance.now() - begun).toFixed(2)} ms`);
    expect(heard).toEqual(['mirrors finished', '{"completed":true}']);
    expect(client.trouble).toBeUndefined();
  });

  test('HANDOVER and the hint are sent again after a reconnect, but done once', async () => {
    const calls = new EventEmitter();
    const onHandover = jest.fn(() => new Promise<HandoffAnswer>((resolve) => { calls.emit('handover', resolve); }));
    const onMirrorsFinished = jest.fn();
    const server = await bench.serve(kind, { onHandover, onMirrorsFinished });
    const { client, streams } = bench.connect(kind, server.endpoint);
    await armed(client);
    client.mirrorsFinished();
    const called = once(calls, 'handover');
    const answer = client.handOver({ completed: true });
    const [resolveAnswer] = await called as [(answer: HandoffAnswer) => void];
    const gone = lost(client);
    streams[0]?.destroy();
    await gone;
    expect(client.armed).toBe(false);
    await armed(client);
    resolveAnswer(COMMITTED);
    await expect(answer).resolves.toEqual(COMMITTED);
    await expect(client.handOver({ completed: true })).resolves.toEqual(COMMITTED);
    expect(onHandover).toHaveBeenCalledTimes(1);
    expect(onMirrorsFinished).toHaveBeenCalledTimes(1);
    expect(streams.length).toBe(2);
  });

  test('a target agent that restarts in the middle gets HANDOVER from the same client', async () => {
    const first = await bench.serve(kind, { onHandover: () => new Promise(() => undefined) });
    const { client } = bench.connect(kind, first.endpoint);
    await armed(client);
    const answer = client.handOver({ completed: true });
    await first.close();
    const again: ListenOn = first.endpoint.kind === 'unix' ? first.endpoint : { kind: 'tcp', host: first.endpoint.host, firstPort: first.endpoint.port, lastPort: first.endpoint.port };
    await bench.serve(kind, { listen: again });
    await expect(answer).resolves.toEqual(COMMITTED);
  });

  test.each([['epoch', { epoch: 'another' }], ['guest', { vmid: 102 }]])('the wrong %s is denied, with both named', async (_title, changes) => {
    const onHandover = jest.fn(() => Promise.resolve(COMMITTED));
    const server = await bench.serve(kind, { onHandover });
    const { client } = bench.connect(kind, server.endpoint, changes);
    const answer = client.handOver({ completed: true });
    answer.catch(() => undefined);
    expect(await trouble(client)).toMatch(/denied: this is the handoff of VM 101, epoch 0b0c.*, not of VM/);
    await client.close();
    await expect(answer).rejects.toMatchObject({ code: 'TransportFailed' });
    expect(onHandover).not.toHaveBeenCalled();
  });
});

describe('answers', () => {
  const twice = async (onHandover: HandoffServerOptions['onHandover']): Promise<HandoffAnswer[]> => {
    const server = await bench.serve('unix', { onHandover });
    const clients = [bench.connect('unix', server.endpoint).client, bench.connect('unix', server.endpoint).client];
    return [await clients[0]?.handOver({ completed: true }) as HandoffAnswer, await clients[1]?.handOver({ completed: true }) as HandoffAnswer];
  };

  test('a decision is made once, also for a second connection', async () => {
    const aborted: HandoffAnswer = { kind: 'refused', decision: 'aborted', reason: 'the operator was faster' };
    const onHandover = jest.fn().mockResolvedValueOnce(aborted).mockResolvedValueOnce(COMMITTED);
    await expect(twice(onHandover)).resolves.toEqual([aborted, aborted]);
    expect(onHandover).toHaveBeenCalledTimes(1);
  });

  test('where nothing was decided a repeated HANDOVER is looked at anew', async () => {
    const undecided: HandoffAnswer = { kind: 'refused', decision: 'undecided', reason: 'the guest is not complete here' };
    const onHandover = jest.fn().mockResolvedValueOnce(undecided).mockResolvedValueOnce(COMMITTED);
    await expect(twice(onHandover)).resolves.toEqual([undecided, COMMITTED]);
  });

  test('a commit that was decided but not finished is looked at anew', async () => {
    const unfinished: HandoffAnswer = { kind: 'refused', decision: 'committed', reason: 'the config could not be moved' };
    const onHandover = jest.fn().mockResolvedValueOnce(unfinished).mockResolvedValueOnce(COMMITTED);
    await expect(twice(onHandover)).resolves.toEqual([unfinished, COMMITTED]);
  });

  test('a target that could not decide (it threw) is asked again by itself', async () => {
    const onHandover = jest.fn().mockRejectedValueOnce(new Error('no quorum')).mockResolvedValueOnce(COMMITTED);
    const server = await bench.serve('unix', { onHandover });
    const { client } = bench.connect('unix', server.endpoint);
    await expect(client.handOver({ completed: true })).resolves.toEqual(COMMITTED);
    expect(onHandover).toHaveBeenCalledTimes(2);
  });
});
