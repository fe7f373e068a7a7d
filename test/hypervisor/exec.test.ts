import { run } from '../../hypervisor/exec.js';

test('a program that takes too long has ended then, although what it has started keeps its output open', async () => {
  const beganAtMs = performance.now();
  const result = await run('sh', ['-c', 'sleep 20 & echo $!; wait'], { timeoutMs: 300 });
  process.kill(Number(result.stdout), 'SIGKILL');
  expect(result).toMatchObject({ timedOut: true, exitCode: null });
  expect(performance.now() - beganAtMs).toBeLessThan(10_000);
});
