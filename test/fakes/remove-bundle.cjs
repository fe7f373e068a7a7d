const { rmSync } = require('node:fs');

module.exports = () => rmSync(process.env.FERRY_TEST_WORKFLOWS, { force: true });
