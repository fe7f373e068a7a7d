import { both } from '../../hypervisor/both.js';

describe('both', () => {
  test('gives both results', async () => {
    expect(await both(Promise.resolve(1), Promise.resolve('two'))).toEqual([1, 'two']);
  });

  test.each([['first', 0], ['second', 1]])('a failure of the %s one is told when the other is over', async (_title, failing) => {
    let over = false;
    const failed = Promise.reject(new Error('broken'));
    const slow = new Promise<void>((resolve) => {
      setImmediate(() => {
        over = true;
        resolve();
      });
    });
    await expect(failing === 0 ? both(failed, slow) : both(slow, failed)).rejects.toThrow('broken');
    expect(over).toBe(true);
  });

  test('of two failures the first is told', async () => {
    await expect(both(Promise.reject(new Error('one')), Promise.reject(new Error('two')))).rejects.toThrow('one');
  });
});
