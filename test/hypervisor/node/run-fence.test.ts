import { readFileSync } from 'node:fs';
import { runFence } from '../../../hypervisor/node/run-fence.js';

describe('runFence', () => {
  it.each<[string, readonly string[], boolean, RegExp]>([
    ['exit code 0 is success', ['true'], true, /^`true` ended with exit code 0$/],
    ['any other is none, and its words are kept', ['sh', '-c', 'echo no route to the BMC >&2; exit 3'], false, /ended with exit code 3: no route to the BMC$/],
    ['a program that is not there', ['/no/such/program'], false, /^`\/no\/such\/program` could not be started: .*ENOENT/],
    ['no shell reads the arguments', ['echo', '$(id)', '; false'], true, /: \$\(id\) ; false$/],
  ])('%s', async (_what, command, done, sentence) => {
    expect(await runFence(command, 10)).toEqual({ done, sentence: expect.stringMatching(sentence) as string });
  });

  it('after the timeout it is ended, with everything it has started', async () => {
    const { done, sentence } = await runFence(['sh', '-c', 'sleep 300 & echo $!; wait'], 1);
    expect({ done, sentence }).toEqual({ done: false, sentence: expect.stringMatching(/did not end within 1 s: \d+$/) as string });
    const pid = sentence.split(' ').at(-1);
    // Dead, or dead and not yet collected by its new parent.
    while (isRunning(pid)) await new Promise((resolve) => setTimeout(resolve, 20));
  });
});

function isRunning(pid: string | undefined): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
