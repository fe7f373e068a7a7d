import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Lab } from '../../../lab/lab.js';

/** Below a test's own limit, which can't say what the lab was at. */
const LIMIT_MS = 200_000;
const LAST_CHARS = 150;

/** What came in time; else an error that says what each process of the lab said last. */
export async function inTime<T>(lab: Lab, ending: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => { timer = setTimeout(resolve, LIMIT_MS, null); });
  try {
    const first = await Promise.race([ending.then((value) => ({ value })), late]);
    if (first !== null) return first.value;
  } finally {
    clearTimeout(timer);
  }
  const said = await Promise.all([...lab.nodes.map((node) => `nodes/${node}/agent/log`), 'control/log'].map((file) => lastOf(lab, file)));
  throw new Error(`no ending within ${LIMIT_MS / 1000} s; ${said.join('; ')}`);
}

async function lastOf(lab: Lab, file: string): Promise<string> {
  const text = await readFile(join(lab.dir, file), 'utf8').catch(() => '');
  const line = text.trimEnd().split('\n').at(-1) ?? '';
  return `${file}: ${line.replace(/^.*"name":/, '').slice(0, LAST_CHARS)}`;
}
