const { mkdirSync, writeFileSync } = require('node:fs');
const { dirname, join, resolve } = require('node:path');
const { DefaultLogger, bundleWorkflowCode } = require('@temporalio/worker');

/** Before the first test of a project: the workflows with the tests' spans, bundled once for all files (five seconds of work each time). */
module.exports = async () => {
  const home = resolve(__dirname, '../..');
  const { code } = await bundleWorkflowCode({ workflowsPath: join(home, 'test/fakes/workflows.ts'), logger: new DefaultLogger('ERROR') });
  const file = join(home, 'var/test', `workflows-${process.pid}.js`);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, code);
  // The test processes are born with it.
  process.env.FERRY_TEST_WORKFLOWS = file;
};
