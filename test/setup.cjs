process.env.FERRY_HOME ??= require('node:path').resolve(__dirname, '..');
