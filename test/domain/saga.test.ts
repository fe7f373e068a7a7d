import { Saga } from '../../domain/saga.js';

const giveUp = async (): Promise<'give-up'> => 'give-up';

describe('saga', () => {
  test('undoes newest first', async () => {
    const done: string[] = [];
    const saga = new Saga();
    for (const label of ['a', 'b', 'c']) saga.add(label, async () => void done.push(label));
    expect(await saga.rollback(giveUp)).toEqual([]);
    expect(done).toEqual(['c', 'b', 'a']);
  });

  test('one failing undo does not keep the others from running', async () => {
    const done: string[] = [];
    const error = new Error('disk gone');
    const saga = new Saga();
    saga.add('a', async () => void done.push('a'));
    saga.add('b', () => Promise.reject(error));
    saga.add('c', async () => void done.push('c'));
    expect(await saga.rollback(giveUp)).toEqual([{ label: 'b', error }]);
    expect(done).toEqual(['c', 'a']);
  });

  test('an undo is tried again as long as it is told to', async () => {
    let attempts = 0;
    const asked: string[] = [];
    const saga = new Saga();
    saga.add('free the volume', async () => {
      attempts += 1;
      if (attempts < 3) throw new Error(`attempt ${attempts}`);
    });
    const failures = await saga.rollback(async (label, error) => {
      asked.push(`${label}: ${String(error)}`);
      return 'retry';
    });
    expect(failures).toEqual([]);
    expect(asked).toEqual(['free the volume: Error: attempt 1', 'free the volume: Error: attempt 2']);
  });

  test('a question that fails counts as giving up', async () => {
    const done: string[] = [];
    const saga = new Saga();
    saga.add('a', async () => void done.push('a'));
    saga.add('b', () => Promise.reject(new Error('no')));
    const failures = await saga.rollback(() => Promise.reject(new Error('cancelled')));
    expect(failures.map(({ label }) => label)).toEqual(['b']);
    expect(done).toEqual(['a']);
  });

  test('a second rollback has nothing to do', async () => {
    let undone = 0;
    const saga = new Saga();
    saga.add('a', async () => void (undone += 1));
    await saga.rollback(giveUp);
    expect(await saga.rollback(giveUp)).toEqual([]);
    expect(undone).toBe(1);
  });

  test('after the commit nothing goes back', async () => {
    let undone = 0;
    const saga = new Saga();
    saga.add('a', async () => void (undone += 1));
    saga.commit();
    await expect(saga.rollback(giveUp)).rejects.toThrow('roll back failed: saga: the migration is committed');
    expect(() => saga.add('b', async () => undefined)).toThrow('committed');
    expect(undone).toBe(0);
  });
});
