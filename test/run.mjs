/**
 * Runs the checks, section by section, and ends with one line: `N passed, N failed[, N skipped]`.
 *   node test/run.mjs            everything
 *   node test/run.mjs lint unit  only these
 * Exit code 0 only if nothing failed. Lint and type check count as one test each.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const home = dirname(dirname(fileURLToPath(import.meta.url)));
const results = join(home, 'var', 'test');
const minute = 60_000;

/** A section that hangs is ended and counts as failed; the limits leave room for a machine that is busy with other things. `serial`: files take turns, they share the machine. */
const SECTIONS = {
  lint: { run: () => tool(['eslint', 'bin', 'eslint.js'], ['.', '--max-warnings=0'], 10 * minute) },
  types: { run: () => tool(['typescript', 'bin', 'tsc'], ['--noEmit', '-p', 'tsconfig.json'], 10 * minute) },
  model: { run: () => model(20 * minute) },
  unit: { run: () => jest('unit', { serial: false, limitMs: 15 * minute }) },
  node: { run: () => jest('node', { serial: true, limitMs: 15 * minute }) },
  workflow: { run: () => jest('workflow', { serial: false, limitMs: 15 * minute }) },
  replay: { run: () => jest('replay', { serial: true, limitMs: 10 * minute }) },
  cluster: { run: () => jest('cluster', { serial: false, limitMs: 40 * minute }) },
  alone: { run: () => jest('alone', { serial: true, limitMs: 20 * minute }) },
};

/** One thread each, and nobody measures time: both lanes share the machine. All that follows uses it whole. */
const LANES = [['node'], ['lint', 'types', 'model', 'replay']];

process.exitCode = await main(process.argv.slice(2));

async function main(names) {
  const unknown = names.filter((name) => !(name in SECTIONS));
  if (unknown.length > 0) {
    console.error(`unknown section: ${unknown.join(', ')}; there are ${Object.keys(SECTIONS).join(', ')}`);
    return 2;
  }
  mkdirSync(results, { recursive: true });
  const rows = [];
  const wanted = names.length > 0 ? names : Object.keys(SECTIONS);
  const oneByOne = async (names) => {
    for (const name of names.filter((name) => wanted.includes(name))) rows.push(await section(name));
  };
  await Promise.all(LANES.map(oneByOne));
  await oneByOne(Object.keys(SECTIONS).filter((name) => !LANES.flat().includes(name)));
  return summarise(rows);
}

async function section(name) {
  console.log(`\n=== ${name}`);
  const startedAt = performance.now();
  const outcome = await SECTIONS[name].run();
  return { name, ...outcome, seconds: (performance.now() - startedAt) / 1000 };
}

function summarise(rows) {
  const sum = (key) => rows.reduce((total, row) => total + row[key].length, 0);
  console.log('\n=== summary');
  for (const row of rows) {
    const verdict = row.failed.length > 0 ? 'FAILED' : 'ok';
    console.log(`${row.name.padEnd(10)} ${verdict.padEnd(7)} ${String(row.passed.length).padStart(4)} passed ${String(row.failed.length).padStart(3)} failed ${String(row.skipped.length).padStart(3)} skipped ${row.seconds.toFixed(1).padStart(7)} s`);
  }
  for (const title of rows.flatMap((row) => row.skipped)) console.log(title.includes('SKIP: ') ? title : `SKIP: no reason given: ${title}`);
  const failed = rows.flatMap((row) => row.failed);
  for (const title of failed) console.log(`FAILED: ${title}`);
  // Of a cascade the first failure tells most.
  const why = Object.assign({}, ...rows.map((row) => row.why ?? {}));
  for (const title of failed.slice(0, 2)) if (why[title]) console.log(`  ${title} said: ${why[title]}`);
  const skipped = sum('skipped');
  console.log(`${sum('passed')} passed, ${sum('failed')} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
  return sum('failed') > 0 ? 1 : 0;
}

async function tool(path, args, limitMs) {
  const script = join(home, 'node_modules', ...path);
  const status = await run([script, ...args], limitMs);
  const title = `${path[0]} ${args.join(' ')}`;
  return status === 0 ? { passed: [title], failed: [], skipped: [] } : { passed: [], failed: [`${title}: ${status}`], skipped: [] };
}

async function jest(project, { serial, limitMs }) {
  if (!hasTests(project)) {
    console.log(`no ${project} tests in this tree`);
    return { passed: [], failed: [], skipped: [] };
  }
  return counted(`jest ${project}`, [join(home, 'node_modules', 'jest', 'bin', 'jest.js'), '--selectProjects', project,
    '--reporters=default', `--reporters=${join(home, 'test', 'reporter.cjs')}`, ...(serial ? ['--runInBand'] : ['--maxWorkers=2'])], limitMs);
}

/** Each property and each mutant counts as one test. */
function model(limitMs) {
  return counted('model', [join(home, 'model', 'run.mjs')], limitMs);
}

/** For a program that writes what passed and failed into the file it is given. */
async function counted(name, args, limitMs) {
  const outputFile = join(results, `${name.replace(/\W+/g, '-')}.json`);
  rmSync(outputFile, { force: true });
  const status = await run(args, limitMs, { FERRY_TEST_RESULT: outputFile });
  const outcome = existsSync(outputFile) ? JSON.parse(readFileSync(outputFile, 'utf8')) : { passed: [], failed: [], skipped: [] };
  if (status !== 0 && outcome.failed.length === 0) outcome.failed.push(`${name}: ${status}`);
  return outcome;
}

/** Jest itself fails when a project's folders hold no test; a tree without the folders has nothing to run. */
function hasTests(project) {
  const config = createRequire(import.meta.url)(join(home, 'jest.config.cjs'));
  const { testMatch } = config.projects.find((p) => p.displayName === project);
  return testMatch.some((glob) => {
    const folder = glob.replace('<rootDir>', home).replace(/\/\*\*.*$/, '');
    return existsSync(folder) && readdirSync(folder).length > 0;
  });
}

/** Resolves to 0, or to what went wrong. The section is a process group of its own, so that ending it ends all of it. */
function run(args, limitMs, env = {}) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, {
      cwd: home,
      stdio: ['ignore', 'inherit', 'inherit'],
      detached: true,
      env: { ...process.env, ...env, FERRY_HOME: home, PATH: [process.env.PATH, '/usr/sbin', '/sbin', join(home, 'var', 'tools', 'bin')].join(delimiter) },
    });
    const end = () => { try { process.kill(-child.pid, 'SIGKILL'); } catch { /* already gone */ } };
    let late = false;
    const timer = setTimeout(() => { late = true; end(); }, limitMs);
    const forward = () => { end(); process.exit(130); };
    process.once('SIGINT', forward).once('SIGTERM', forward);
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      process.off('SIGINT', forward).off('SIGTERM', forward);
      resolve(late ? `ended after ${limitMs / 1000} s` : code ?? `ended by ${signal}`);
    });
  });
}
