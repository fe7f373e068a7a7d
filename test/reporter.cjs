/**
 * Writes what test/run.mjs needs to know to the file FERRY_TEST_RESULT names: `{ passed, failed, skipped }`, titles each.
 * Jest's own --json gives up on an error with a circular property.
 */
const { writeFileSync } = require('node:fs');
const { relative } = require('node:path');

module.exports = class Reporter {
  onRunComplete(_contexts, { testResults }) {
    const outcome = { passed: [], failed: [], skipped: [] };
    for (const suite of testResults) {
      const where = relative(process.env.FERRY_HOME, suite.testFilePath);
      if (suite.testExecError) outcome.failed.push(`${where}: did not run`);
      for (const { status, fullName } of suite.testResults) {
        const list = status === 'passed' ? outcome.passed : status === 'failed' ? outcome.failed : outcome.skipped;
        list.push(`${where}: ${fullName}`);
      }
    }
    writeFileSync(process.env.FERRY_TEST_RESULT, JSON.stringify(outcome));
  }
};
