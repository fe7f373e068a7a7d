/**
 * ESLint rule `ferry/import-table`: who may import whom (docs/architecture.md), by folder.
 * Relative imports are resolved by path alone, so that a forbidden import is found even when the file does not exist yet.
 */
import { builtinModules } from 'node:module';
import { dirname, relative, resolve, sep } from 'node:path';

/**
 * A folder may import itself and what `may` lists. `types` may only be imported as types, except the files in `values`.
 * `temporal` lists the SDK's packages, `builtins` says whether Node's own modules may be used, `schema` whether zod may.
 */
export const IMPORT_TABLE = {
  domain: { may: [], temporal: [], builtins: false, schema: false },
  workflows: { may: ['domain'], temporal: ['workflow', 'common'], builtins: false, schema: false },
  activities: { may: ['domain', 'hypervisor', 'cluster'], temporal: ['activity', 'common'], builtins: true, schema: true },
  hypervisor: { may: ['domain'], temporal: [], builtins: true, schema: true },
  cluster: { may: ['domain'], temporal: [], builtins: true, schema: true },
  workers: { may: ['domain', 'workflows', 'activities', 'hypervisor', 'cluster'], temporal: ['worker', 'client', 'common', 'activity', 'envconfig'], builtins: true, schema: true },
  client: { may: ['domain'], types: ['workflows'], values: ['workflows/messages', 'workflows/attributes'], temporal: ['client', 'common', 'envconfig'], builtins: true, schema: true },
  lab: { may: ['domain', 'client'], temporal: ['client', 'common', 'envconfig'], builtins: true, schema: true },
  bench: { may: ['domain', 'client', 'lab', 'hypervisor'], temporal: ['client', 'common', 'envconfig'], builtins: true, schema: true },
};

/** The one folder inside domain/ that parses what comes from outside; the workflow bundle must not pull it in. */
const EDGE = 'domain/edge';
const SCHEMA_LIBRARIES = ['zod'];

export const importTable = {
  meta: { type: 'problem', schema: [], messages: { forbidden: '{{from}} may not import {{to}} (docs/architecture.md): {{why}}' } },
  create(context) {
    const file = pathOf(relative(context.cwd, context.filename));
    const from = file.split('/')[0];
    const rules = IMPORT_TABLE[from];
    if (rules === undefined) return {};
    const check = (node, source, typeOnly) => {
      if (source?.type !== 'Literal' || typeof source.value !== 'string') return;
      const to = source.value.startsWith('.') ? pathOf(relative(context.cwd, resolve(dirname(context.filename), source.value))) : source.value;
      const why = source.value.startsWith('.') ? refuseFile(rules, from, file, to, typeOnly) : refusePackage(rules, file, to, typeOnly);
      if (why !== null) context.report({ node, messageId: 'forbidden', data: { from: `${from}/`, to, why } });
    };
    return {
      ImportDeclaration: (node) => check(node, node.source, isTypeOnly(node, node.importKind)),
      ExportNamedDeclaration: (node) => check(node, node.source, isTypeOnly(node, node.exportKind)),
      ExportAllDeclaration: (node) => check(node, node.source, node.exportKind === 'type'),
      ImportExpression: (node) => check(node, node.source, false),
      TSImportType: (node) => check(node, node.source ?? node.argument?.literal, true),
    };
  },
};

function refuseFile(rules, from, file, to, typeOnly) {
  const folder = to.split('/')[0];
  if (startsWith(to, EDGE) && !rules.schema && !startsWith(file, EDGE) && !typeOnly) return 'schema libraries stay out of the workflow bundle';
  if (folder === from || rules.may.includes(folder)) return null;
  if (!(rules.types ?? []).includes(folder)) return 'not in the import table';
  return typeOnly || rules.values.includes(to.replace(/\.[jt]s$/, '')) ? null : 'types only';
}

function refusePackage(rules, file, name, typeOnly) {
  if (name.startsWith('node:') || builtinModules.includes(name)) return rules.builtins ? null : 'this code is pure: no Node modules';
  const temporal = /^@temporalio\/([^/]+)/.exec(name)?.[1];
  if (temporal !== undefined) return rules.temporal.includes(temporal) ? null : 'this part of Temporal is not for this folder';
  const isSchema = SCHEMA_LIBRARIES.some((library) => startsWith(name, library));
  return isSchema && !rules.schema && !startsWith(file, EDGE) && !typeOnly ? 'schema libraries stay out of the workflow bundle' : null;
}

const isTypeOnly = (node, kind) => kind === 'type'
  || (node.specifiers.length > 0 && node.specifiers.every((s) => (s.importKind ?? s.exportKind) === 'type'));
const startsWith = (path, folder) => path === folder || path.startsWith(`${folder}/`);
const pathOf = (path) => path.split(sep).join('/');
