import { ferry } from './stand-in/cli.js';

/** Input that can't be right is refused before anything is sent: no Temporal is needed. */
test.each([
  [['evacuate', 'pve1', '--window', '22-05 Europe/Berlin'], "window: expected a window such as '22:00-05:00 Europe/Berlin'"],
  [['evacuate', 'pve1', '--window', '22:00-05:00 Europe/Berlim'], 'expected a window'],
  [['evacuate', 'pve1', '--targets', 'pve1,pve2'], 'pve1 is the node to empty'],
  [['evacuate', 'pve1', '--health-check', 'ping'], 'expected tcp:<port>, http:<port>/<path> or agent'],
  [['evacuate', 'pve1', '--concurrency', '0'], 'expected a whole number from 1 to 64'],
  [['roll', 'pve1', 'pve2,pve1'], 'groups: pve1 is named twice'],
  [['roll', 'pve1', '--hook', 'rm -rf /'], 'hook: expected the name of a maintenance command'],
  [['roll', 'pve1', '--return-timeout', 'soon'], 'returnTimeoutSeconds: expected a whole number'],
])('ferry %j is refused', async (argv, sentence) => {
  const cli = ferry({}, argv);
  expect(await cli.done).toBe(64);
  expect(cli.err()).toContain(sentence);
});

test('a command of the steering is told of in its help', async () => {
  const cli = ferry({}, ['evacuation', '--help']);
  expect(await cli.done).toBe(0);
  for (const word of ['approve', 'pause', 'resume', 'stop', 'cancel', 'skip', 'retry', 'retarget', 'concurrency', 'bandwidth', 'show']) expect(cli.out()).toContain(word);
});
