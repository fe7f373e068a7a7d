/**
 * Writes what test/run.mjs needs to know to the file FERRY_TEST_RESULT names: `{ passed, failed, skipped, why }`; titles each, and by its title what a failure said.
 * Jest's own --json gives up on an error with a circular property.
 */
const { writeFileSync } = require('node:fs');
const { relative } = require('node:path');

module.exports = class Reporter {
  onRunComplete(_contexts, { testResults }) {
    const outcome = { passed: [], failed: [], skipped: [], why: {} };
    for (const suite of testResults) {
      const where = relative(process.env.FERRY_HOME, suite.testFilePath);
      if (suite.testExecError) {
        outcome.failed.push(`${where}: did not run`);
        outcome.why[`${where}: did not run`] = said([suite.failureMessage ?? String(suite.testExecError)]);
      }
      for (const { status, fullName, failureMessages } of suite.testResults) {
        const list = status === 'passed' ? outcome.passed : status === 'failed' ? outcome.failed : outcome.skipped;
        list.push(`${where}: ${fullName}`);
        if (status === 'failed') outcome.why[`${where}: ${fullName}`] = said(failureMessages);
      }
    }
    writeFileSync(process.env.FERRY_TEST_RESULT, JSON.stringify(outcome));
  }
};

/** Without colours and stack frames, on one line. */
function said(messages) {
  const lines = messages.join('\n').replace(/\u001b\[[0-9;]*m/g, '').split('\n').map((line) => line.trim());
  return lines.filter((line) => line !== '' && !line.startsWith('at ')).join(' | ').slice(0, 600);
}
