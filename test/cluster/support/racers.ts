import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const HOME = process.env['FERRY_HOME'] ?? process.cwd();

/** A program of its own process that answers each line with one line. */
export interface Racer {
  ask(question: unknown): Promise<unknown>;
}

export interface Racers {
  readonly all: readonly Racer[];
  stop(): Promise<void>;
}

/** Starts `count` processes that run `answer` (TypeScript: an async function of one question) with what `imports` brings in. */
export async function startRacers(count: number, imports: string, answer: string, launcher: readonly string[] = []): Promise<Racers> {
  const dir = mkdtempSync(join(tmpdir(), 'ferry-racers-'));
  const bundle = join(dir, 'racer.cjs');
  execFileSync(join(HOME, 'node_modules/.bin/esbuild'), ['--bundle', '--log-level=warning', '--platform=node', '--format=cjs', '--sourcefile=racer.ts', '--loader=ts', `--outfile=${bundle}`],
    { input: `${imports}\n${loop(answer)}`, cwd: HOME });
  const children = Array.from({ length: count }, () => spawn(launcher[0] ?? process.execPath, [...(launcher.length > 0 ? [...launcher.slice(1), process.execPath] : []), bundle], { stdio: ['pipe', 'pipe', 'inherit'] }));
  const exits = children.map((child) => once(child, 'exit'));
  return {
    all: children.map(racer),
    stop: async () => {
      for (const child of children) child.stdin?.end();
      await Promise.all(exits);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

const loop = (answer: string): string => `
import { createInterface } from 'node:readline';
const answer = ${answer};
void (async () => {
  for await (const line of createInterface({ input: process.stdin })) {
    const said = await answer(JSON.parse(line)).catch((error: unknown) => ({ code: (error as { code?: string }).code, message: String(error) }));
    process.stdout.write(JSON.stringify(said ?? null) + '\\n');
  }
})();
`;

function racer(child: ChildProcess): Racer {
  if (child.stdin === null || child.stdout === null) throw new Error('a racer without pipes');
  const { stdin } = child;
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    ask: async (question) => {
      stdin.write(`${JSON.stringify(question)}\n`);
      const { value, done } = await lines.next();
      if (done === true) throw new Error('a racer ended before it answered');
      return JSON.parse(value) as unknown;
    },
  };
}
