/**
 * Checks the model of the handover protocol with spin, each property on its whole state space, and that every mutant is caught.
 *   node model/run.mjs             everything; prints a table; exit code 1 on any surprise
 *   node model/run.mjs L1 NO_RENAME   only these
 *   node model/run.mjs --trail NO_RENAME   prints the run that breaks the property
 * With FERRY_TEST_RESULT=<file> the outcome is written there for test/run.mjs.
 */
import { execFile } from 'node:child_process';
import { copyFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MUTANTS, PROPERTIES } from './checks.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const LIMIT_MS = 10 * 60_000;
const MEMORY_MIB = 1024;
const MAX_DEPTH = 50_000;
/** Two at a time: a small machine has two cores. */
const AT_ONCE = 2;
const COLUMNS = [['what', 22], ['states', 9], ['depth', 6], ['seconds', 8]];

process.exitCode = await main(process.argv.slice(2));

async function main(args) {
  const trail = args.includes('--trail');
  const names = args.filter((arg) => arg !== '--trail');
  const known = [...PROPERTIES.flatMap(({ titles }) => Object.keys(titles)), ...MUTANTS.map(({ mutant }) => mutant)];
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    console.error(`unknown: ${unknown.join(', ')}; there are ${known.join(', ')}`);
    return 2;
  }
  const wanted = (some) => names.length === 0 || some.some((name) => names.includes(name));
  const jobs = [
    ...PROPERTIES.filter(({ titles }) => wanted(Object.keys(titles))).map((property) => () => checkProperty(property, trail)),
    ...MUTANTS.filter(({ mutant }) => wanted([mutant])).map((mutant) => () => checkMutant(mutant, trail)),
  ];
  console.log(`${COLUMNS.map(([title, width], column) => pad(title, width, column)).join(' ')}  verdict`);
  const rows = (await inTurn(jobs)).flat();
  report(rows);
  return rows.every(({ ok }) => ok) ? 0 : 1;
}

/** Every run is searched to its end, and no step of the model is dead. */
async function checkProperty({ file, titles, claim, defines }, trail) {
  const run = await search({ file, defines, claim, optimise: '-O2', trail });
  return Object.entries(titles).map(([name, title]) => {
    const trouble = run.trouble ?? (run.violated === null ? null : run.violated === name ? 'VIOLATED' : `not finished: ${run.violated} is violated`)
      ?? (run.complete ? null : 'not searched completely')
      ?? (claim === undefined && run.unreached.length > 0 ? `steps that never happen: ${run.unreached.join(', ')}` : null);
    return print({ what: name, run, ok: trouble === null, verdict: `${trouble ?? 'holds'}: ${title}` });
  });
}

async function checkMutant({ file, mutant, breaks, means, defines }, trail) {
  const claim = PROPERTIES.find((property) => property.claim === breaks)?.claim;
  const only = claim === undefined ? [`ONLY=${breaks.at(-1)}`] : [];
  const run = await search({ file, defines: [...defines, ...only, `MUTANT_${mutant}`], claim, optimise: '-O0', trail });
  const trouble = run.trouble ?? (run.violated === breaks ? null : `NOT CAUGHT (${breaks} ${run.violated === null ? 'holds' : `expected, ${run.violated} seen`})`);
  return [print({ what: mutant, run, ok: trouble === null, verdict: `${trouble ?? `caught by ${breaks}`}: ${means}` })];
}

/** Spin makes the checker, gcc compiles it, the checker searches; all in a directory of its own. */
async function search({ file: model, defines, claim, optimise, trail }) {
  const dir = mkdtempSync(join(tmpdir(), 'ferry-model-'));
  const switches = defines.map((define) => `-D${define}`);
  // Without merging of statements (-o3) the checker knows of each one whether it ever happened.
  const merging = optimise === '-O2' && claim === undefined ? ['-o3'] : [];
  try {
    for (const file of readdirSync(here).filter((name) => name.endsWith('.pml'))) copyFileSync(join(here, file), join(dir, file));
    await run('spin', ['-a', ...merging, ...switches, `${model}.pml`], dir);
    const kind = claim === undefined ? ['-DSAFETY', '-DNOCLAIM'] : [];
    // Every step touches what others see: partial order reduction finds nothing to leave out.
    await run('gcc', [optimise, '-w', '-DNOREDUCE', `-DMEMLIM=${MEMORY_MIB}`, ...kind, '-o', 'pan', 'pan.c'], dir);
    const begunAtMs = performance.now();
    const output = await run('./pan', ['-w22', `-m${MAX_DEPTH}`, ...(claim === undefined ? [] : ['-a', '-f', '-N', claim])], dir);
    const result = { ...parse(output, claim), seconds: (performance.now() - begunAtMs) / 1000, trouble: null };
    if (trail && result.violated !== null) console.log(await run('spin', ['-t', '-p', '-g', ...merging, ...switches, `${model}.pml`], dir));
    return result;
  } catch (error) {
    return { states: 0, depth: 0, seconds: 0, violated: null, complete: false, unreached: [], trouble: String(error.message).split('\n').slice(0, 3).join(' ') };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function parse(output, claim) {
  const number = (pattern) => Number(pattern.exec(output)?.[1] ?? NaN);
  const errors = number(/errors: (\d+)/);
  const assertion = /assertion violated\s+!\(\(*(C?S\d)_/.exec(output)?.[1];
  const cycle = /acceptance cycle/.test(output) ? claim : undefined;
  if (Number.isNaN(errors)) throw new Error(`pan ended without a verdict: ${output.slice(-300)}`);
  // The only steps that must never happen are those that note a violation, S1_ ... = 1 and CS1_ ... = 1.
  return {
    states: number(/^\s*(\d+) states, stored/m),
    depth: number(/depth reached (\d+)/),
    violated: errors === 0 ? null : assertion ?? cycle ?? 'something else',
    complete: errors === 0 && !/max search depth too small|Search not completed|out of memory/i.test(output),
    unreached: [...output.matchAll(/^\t[\w-]+\.pml:\d+, state \d+, "(?!-end-|C?S\d_)(.*)"$/gm)].map(([, step]) => step),
  };
}

function run(program, args, cwd) {
  return new Promise((resolve, reject) => {
    execFile(program, args, { cwd, timeout: LIMIT_MS, killSignal: 'SIGKILL', maxBuffer: 64 * 2 ** 20 }, (error, stdout, stderr) => {
      // pan ends with 0 also when it found something; anything else is trouble.
      if (error === null) resolve(`${stdout}${stderr}`);
      else reject(new Error(error.killed ? `${program} ended after ${LIMIT_MS / 1000} s` : `${program} failed: ${error.code ?? error.signal}: ${stdout}${stderr}`));
    });
  });
}

/** Results in the order of the jobs. */
async function inTurn(jobs) {
  const results = [];
  let next = 0;
  const worker = async () => {
    while (next < jobs.length) {
      const mine = next++;
      results[mine] = await jobs[mine]();
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return results;
}

function print(row) {
  const cells = [row.what, row.run.states, row.run.depth, row.run.seconds.toFixed(1)];
  console.log(`${cells.map((cell, column) => pad(String(cell), COLUMNS[column][1], column)).join(' ')}  ${row.verdict}`);
  return row;
}

function pad(text, width, column) {
  return column === 0 ? text.padEnd(width) : text.padStart(width);
}

function report(rows) {
  const failed = rows.filter(({ ok }) => !ok).map(({ what, verdict }) => `model ${what}: ${verdict}`);
  const passed = rows.filter(({ ok }) => ok).map(({ what, verdict }) => `model ${what}: ${verdict}`);
  console.log(`${passed.length} as expected, ${failed.length} not`);
  const file = process.env['FERRY_TEST_RESULT'];
  if (file !== undefined) writeFileSync(file, JSON.stringify({ passed, failed, skipped: [] }));
}
