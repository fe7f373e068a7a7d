import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';
import { importTable } from './lint/import-table.js';

const SHELLS = { name: 'node:child_process', importNames: ['exec', 'execSync'], message: 'no shell strings: argument arrays only' };

export default defineConfig(
  { ignores: ['dist/**', 'var/**', 'node_modules/**', '**/*.cjs', '**/*.mjs', '**/*.js'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommended],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    plugins: { ferry: { rules: { 'import-table': importTable } } },
    rules: {
      'ferry/import-table': 'error',
      'no-restricted-imports': ['error', { paths: [SHELLS] }],
      'no-warning-comments': ['error', { terms: ['todo', 'fixme', 'xxx', 'hack'] }],
      'max-lines': ['error', { max: 250 }],
      'no-console': 'error',
      'eqeqeq': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/only-throw-error': ['error', { allowThrowingUnknown: true }],
      '@typescript-eslint/prefer-promise-reject-errors': ['error', { allowThrowingUnknown: true }],
      '@typescript-eslint/no-unnecessary-type-assertion': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-deprecated': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true }],
    },
  },
  {
    files: ['workflows/**/*.ts'],
    rules: {
      'no-restricted-syntax': ['error', {
        selector: 'Identifier[name=/^(historyLength|historySize|continueAsNewSuggested)$/]',
        message: 'another value in a replay: count what the workflow has done (workflows/history.ts, docs/design/019)',
      }],
    },
  },
  // Programs that talk to a person.
  { files: ['client/**/*.ts', 'lab/**/*.ts', 'bench/**/*.ts', 'workers/**/*.ts', 'test/**/*.ts'], rules: { 'no-console': 'off' } },
);
