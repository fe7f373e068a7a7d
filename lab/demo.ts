/**
 * The demo: a 3-node lab, one guest that proves itself, one live migration to the next node, watched from outside.
 * - lab up, guest made and started: only what is missing, so that it can be run again and again
 * - probe from the guest network; `ferry migrate` in the foreground; the probe's verdict
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NodeName, Vmid } from '../domain/ids.js';
import { Lab } from './lab.js';
import type { Probe, ProbeReport } from './probe.js';
import { listVms } from './pve-root.js';
import { run } from './run.js';
import { vmRunsOn } from './vm.js';

const VMID: Vmid = 101;
const GUEST = { name: 'demo', memoryMiB: 512, disks: ['local:256M,format=qcow2', 'shared:256M,format=raw'], dirtyMiBps: 20 };
const GUEST_BOOT_MS = 120_000;

process.exitCode = await main().catch((error: unknown) => {
  console.error(`demo: ${error instanceof Error ? error.message : String(error)}`);
  return 1;
});

async function main(): Promise<number> {
  step('building a cluster of three nodes on this machine');
  const lab = await Lab.up();
  await ensureGuest(lab);
  const source = lab.vmNode(VMID);
  const target = nextNode(lab, source);
  step(`waiting until VM ${VMID} on ${source} answers`);
  const probe = await lab.probe(VMID, GUEST_BOOT_MS);
  probe.reset();
  step(`moving VM ${VMID} from ${source} to ${target} while it runs`);
  const exitCode = await ferry(lab, ['migrate', String(VMID), target, '--online', '--with-local-disks', '--reason', 'demo']);
  const seen = await watchAgain(probe);
  printVerdict(seen);
  await printNext(lab, source, target);
  return exitCode !== 0 ? exitCode : provesItself(seen) ? 0 : 1;
}

async function ensureGuest(lab: Lab): Promise<void> {
  if (!listVms(lab.layout).some((vm) => vm.vmid === VMID)) {
    step(`making VM ${VMID} on ${lab.nodes[0]}: ${GUEST.memoryMiB} MiB, a local and a shared disk, rewriting ${GUEST.dirtyMiBps} MiB/s`);
    await lab.vmCreate(VMID, lab.nodes[0] as NodeName, GUEST);
  }
  if (vmRunsOn(lab.layout, VMID, lab.vmNode(VMID))) return;
  step(`starting VM ${VMID}`);
  await lab.vmStart(VMID);
}

function nextNode(lab: Lab, node: NodeName): NodeName {
  return lab.nodes[(lab.nodes.indexOf(node) + 1) % lab.nodes.length] as NodeName;
}

/** The operator's own command line, on this terminal. Ctrl-C is for it alone: it detaches. */
async function ferry(lab: Lab, args: readonly string[]): Promise<number> {
  const ignore = (): void => undefined;
  process.on('SIGINT', ignore);
  try {
    const child = spawn(join(lab.layout.home, 'bin/ferry'), args, { stdio: 'inherit', env: environment(lab) });
    const [code] = (await once(child, 'exit')) as [number | null];
    return code ?? 1;
  } finally {
    process.off('SIGINT', ignore);
  }
}

/** The figures of the migration, taken when the guest has been seen to answer after it. */
async function watchAgain(probe: Probe): Promise<ProbeReport> {
  const during = await probe.snapshot();
  const deadline = Date.now() + 5000;
  for (let now = during; Date.now() < deadline && now.tcpAnswered <= during.tcpAnswered; now = await probe.snapshot()) await sleep(20);
  return probe.stop();
}

function provesItself({ tcpAlive, lastAnswer }: ProbeReport): boolean {
  return tcpAlive && lastAnswer !== null && lastAnswer.memErrors === 0 && lastAnswer.diskErrors === 0;
}

function printVerdict(seen: ProbeReport): void {
  const guest = seen.lastAnswer;
  console.log(`
Seen from outside, on the guest's network:
  longest silence   ${seen.maxGapMs.toFixed(1)} ms (UDP, one packet each ms)
  TCP connection    ${seen.tcpAlive ? 'the one from before, alive' : 'LOST'}; longest silence ${seen.maxTcpGapMs.toFixed(1)} ms
  guest's memory    ${guest === null ? 'unknown' : verdict(guest.memErrors, `${guest.pages} pages rewritten and checked`)}
  guest's disks     ${guest === null ? 'unknown' : verdict(guest.diskErrors, `${guest.diskSeq} records written and read back`)}`);
}

function verdict(errors: number, checked: string): string {
  return errors === 0 ? `clean (${checked})` : `${errors} ERRORS`;
}

async function printNext(lab: Lab, source: NodeName, target: NodeName): Promise<void> {
  const shown = await run([join(lab.layout.home, 'bin/ferry'), 'show', String(VMID), '--json'], { env: environment(lab) });
  const link = shown.exitCode === 0 ? (JSON.parse(shown.stdout) as { url?: string }).url : undefined;
  const at = lab.temporalAddress === '127.0.0.1:7233' ? '' : `TEMPORAL_ADDRESS=${lab.temporalAddress} `;
  const commands = [
    ['make demo', 'on to the next node'],
    [`${at}bin/ferry migrate ${VMID} ${source} --migration-type tls`, 'back, by another transport'],
    [`${at}bin/ferry check ${VMID} ${nextNode(lab, target)} --migration-network 10.99.0.0/24`, 'every reason why not; touches nothing'],
    [`${at}bin/ferry list`, 'all migrations'],
    ['bin/ferry-lab status', 'the cluster; --help: faults to cause'],
    ['make demo-down', 'removes everything'],
  ] as const;
  const width = Math.max(...commands.map(([command]) => command.length));
  console.log(`
Temporal UI       ${environment(lab)['FERRY_UI_URL'] ?? 'where your Temporal server has it'}${link === undefined ? '' : `\nthis migration    ${link}`}

Try next:
${commands.map(([command, what]) => `  ${command.padEnd(width)}  ${what}`).join('\n')}`);
}

function environment(lab: Lab): Record<string, string> {
  const ui = lab.state.temporal?.uiAddress ?? null;
  return { ...terminal(), ...lab.env, ...(ui === null ? {} : { FERRY_UI_URL: `http://${ui}` }) };
}

/** What a program needs to know of the terminal it writes to. */
function terminal(): Record<string, string> {
  const names = ['TERM', 'COLUMNS', 'LINES', 'LANG', 'LC_ALL', 'NO_COLOR', 'FORCE_COLOR', 'CI', 'USER'];
  return Object.fromEntries(names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])));
}

function step(text: string): void {
  console.log(`▸ ${text}`);
}
