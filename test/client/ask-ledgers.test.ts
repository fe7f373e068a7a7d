import { ServiceError, WorkflowUpdateFailedError } from '@temporalio/client';
import { askLedgers } from '../../client/api/ask-ledgers.js';

const refusal = (code: number): ServiceError =>
  new ServiceError('Workflow Update failed', { cause: Object.assign(new Error('refused'), { code, details: 'refused', metadata: {} }) });

test.each([8, 9, 10, 14])('what comes back with gRPC code %d is asked again', async (code) => {
  const failures: Error[] = [refusal(code), refusal(code)];
  const answer = await askLedgers(() => {
    const failure = failures.shift();
    return failure === undefined ? Promise.resolve('told') : Promise.reject(failure);
  });
  expect({ answer, left: failures.length }).toEqual({ answer: 'told', left: 0 });
});

test.each([new WorkflowUpdateFailedError('no', new Error('limits')), refusal(5), refusal(7)])('an answer that stays the same is not: %s', async (failure) => {
  const ask = jest.fn(() => Promise.reject(failure));
  await expect(askLedgers(ask)).rejects.toBe(failure);
  expect(ask).toHaveBeenCalledTimes(1);
});
