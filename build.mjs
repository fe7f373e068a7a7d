/**
 * Compiles to dist/ and bundles the workflows. Does nothing when no source changed since the last time.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const home = dirname(fileURLToPath(import.meta.url));
const folders = JSON.parse(readFileSync(join(home, 'tsconfig.build.json'), 'utf8')).include;
const stampFile = join(home, 'dist', '.stamp');

const wanted = stamp();
if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === wanted) process.exit(0);

console.log('ferry: compiling');
mkdirSync(join(home, 'dist'), { recursive: true });
rmSync(stampFile, { force: true });
run(join('node_modules', 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.build.json');
const bundler = join('dist', 'workers', 'bundle.js');
if (existsSync(join(home, bundler))) run(bundler);
writeFileSync(stampFile, wanted);

function run(script, ...args) {
  const { status } = spawnSync(process.execPath, [script, ...args], { cwd: home, stdio: 'inherit', env: { ...process.env, FERRY_HOME: home } });
  if (status !== 0) process.exit(status ?? 1);
}

/** One hash over the contents of everything that goes into dist/. */
function stamp() {
  const hash = createHash('sha256');
  const files = folders.flatMap((folder) => (existsSync(join(home, folder))
    ? readdirSync(join(home, folder), { recursive: true }).map((name) => join(folder, String(name))) : []));
  for (const file of [...files.filter((f) => f.endsWith('.ts')).sort(), 'tsconfig.json', 'tsconfig.build.json', 'package-lock.json', 'build.mjs']) {
    hash.update(`${file}\0`).update(readFileSync(join(home, file))).update('\0');
  }
  return hash.digest('hex');
}
