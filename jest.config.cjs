/** ESM TypeScript run as CommonJS by SWC: `.js` suffixes are mapped back, ESM-only packages are transformed too. */
const ESM_ONLY = ['tinyexec', 'log-update', 'p-retry', 'is-network-error', 'write-file-atomic', 'ansi-escapes', 'cli-cursor',
  'restore-cursor', 'onetime', 'mimic-function', 'slice-ansi', 'strip-ansi', 'ansi-regex', 'ansi-styles', 'wrap-ansi',
  'string-width', 'emoji-regex', 'get-east-asian-width', 'is-fullwidth-code-point', 'environment'];
const base = {
  testEnvironment: 'node',
  transform: { '^.+\\.(ts|js)$': ['@swc/jest', { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'commonjs' } }] },
  transformIgnorePatterns: [`/node_modules/(?!(${ESM_ONLY.join('|')})/)`],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  modulePathIgnorePatterns: ['<rootDir>/dist', '<rootDir>/var'],
  setupFiles: ['<rootDir>/test/setup.cjs'],
  setupFilesAfterEnv: ['<rootDir>/test/patience.cjs'],
};
const project = (displayName, match) => ({ ...base, displayName, testMatch: match.map((m) => `<rootDir>/test/${m}/**/*.test.ts`) });
module.exports = {
  testSequencer: '<rootDir>/test/sequencer.cjs',
  projects: [
    project('unit', ['domain', 'cluster', 'activities', 'client', 'workers', 'lab', 'house']),
    project('node', ['hypervisor']),
    { ...project('workflow', ['workflows']), globalSetup: '<rootDir>/test/fakes/bundle-once.cjs', globalTeardown: '<rootDir>/test/fakes/remove-bundle.cjs' },
    project('replay', ['replay']),
    project('scale', ['scale']),
    project('cluster', ['cluster-lab']),
    project('alone', ['cluster-alone']),
    project('chaos', ['chaos']),
  ],
};
