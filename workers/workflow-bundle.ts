import { bundleWorkflowCode, type Logger } from '@temporalio/worker';

/** All workflow code as one script, source map included (the worker needs it). `entry`: absolute path of the workflows' entry module. */
export async function bundleWorkflows(entry: string, logger?: Logger): Promise<string> {
  const { code } = await bundleWorkflowCode({ workflowsPath: entry, ...(logger === undefined ? {} : { logger }) });
  return code;
}
