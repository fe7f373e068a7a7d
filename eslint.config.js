import boundaries from 'eslint-plugin-boundaries';
import tseslint from 'typescript-eslint';

const layers = ['domain', 'workflows', 'activities', 'hypervisor', 'cluster', 'workers', 'client', 'lab', 'bench', 'test'];
/** Who may import whom: docs/architecture.md. */
const mayImport = {
  domain: ['domain'],
  workflows: ['workflows', 'domain'],
  activities: ['activities', 'domain', 'hypervisor', 'cluster'],
  hypervisor: ['hypervisor', 'domain'],
  cluster: ['cluster', 'domain'],
  workers: ['workers', 'domain', 'workflows', 'activities', 'hypervisor', 'cluster'],
  client: ['client', 'domain', 'workflows'],
  lab: ['lab', 'domain', 'client'],
  bench: ['bench', 'lab', 'domain', 'client', 'hypervisor'],
  test: layers,
};
const nodeBuiltins = { group: ['node:*'], message: 'workflow and domain code is pure: no Node builtins' };

export default tseslint.config(
  { ignores: ['dist/**', 'var/**', 'node_modules/**', '**/*.cjs', '**/*.mjs', 'eslint.config.js'] },
  ...tseslint.configs.recommended,
  {
    files: ['**/*.ts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { boundaries },
    settings: {
      'boundaries/elements': layers.map((type) => ({ type, pattern: type, mode: 'folder' })),
      'import/resolver': { typescript: true, node: { extensions: ['.ts', '.js'] } },
    },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-deprecated': 'warn',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      'max-lines': ['error', { max: 250, skipComments: false }],
      'no-console': 'error',
    },
  },
  ...layers.filter((l) => l !== 'test').map((layer) => ({
    files: [`${layer}/**/*.ts`],
    rules: {
      'no-restricted-imports': ['error', {
        patterns: [
          ...layers.filter((other) => !mayImport[layer].includes(other)).map((other) => ({
            group: [`**/${other}/*`, `**/${other}/**`, ...(layer === 'workers' && other === 'client' ? ['!@temporalio/client'] : []), '!@temporalio/**', '!**/domain/cluster/**', '!**/activities/cluster/**', '!../cluster/**', '!./cluster/**'].filter((g) => other === 'cluster' || !g.includes('cluster')),
            message: `${layer}/ may not import ${other}/ (see docs/architecture.md)`,
          })),
          ...(layer === 'domain' || layer === 'workflows' ? [nodeBuiltins] : []),
          ...(layer === 'workflows' ? [{ group: ['zod', '**/domain/edge/**'], message: 'schema libraries stay out of the workflow bundle' }] : []),
          ...(layer === 'hypervisor' || layer === 'domain' || layer === 'cluster' ? [{ group: ['@temporalio/*'], message: `${layer}/ knows nothing of Temporal` }] : []),
        ],
      }],
    },
  })),
  { files: ['client/**/*.ts', 'lab/**/*.ts', 'bench/**/*.ts', 'test/**/*.ts', 'workers/**/*.ts'], rules: { 'no-console': 'off' } },
  { files: ['test/**/*.ts'], rules: { '@typescript-eslint/no-unsafe-function-type': 'off' } },
);
