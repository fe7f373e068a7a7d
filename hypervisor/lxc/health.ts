import { setTimeout as sleep } from 'node:timers/promises';
import { MigrationError } from '../../domain/errors.js';
import type { CtConfig } from '../../domain/guest/ct-config.js';
import { formatHealthCheck, type HealthCheck } from '../../domain/guest/health-check.js';
import type { Vmid } from '../../domain/ids.js';
import { run } from '../exec.js';
import { identify } from '../process.js';

export interface HealthCheckInput {
  readonly vmid: Vmid;
  readonly initPid: number;
  readonly check: HealthCheck;
  /** Its own addresses: a service need not listen on loopback. */
  readonly addresses: readonly string[];
  readonly timeoutMs: number;
}

const LOOPBACK = '127.0.0.1';
const ATTEMPT_TIMEOUT_MS = 2000;
const INTERVAL_MS = 20;

/**
 * Asks the container's service until it answers, inside the container's own network: no bridge, no firewall and no
 * address that is still known elsewhere stands in between. HTTP has to answer 2xx or 3xx. Returns after how long it did, in
 * ms. Throws `GuestUnhealthy` at the deadline with what the last attempt met, or at once when the container has ended.
 */
export async function healthCheck(input: HealthCheckInput): Promise<number> {
  const { vmid, initPid, check, timeoutMs } = input;
  if (check.kind === 'none') return 0;
  const init = identify(initPid);
  const startedAt = performance.now();
  const addresses = [LOOPBACK, ...input.addresses];
  for (let attempt = 0; ; attempt += 1) {
    if (init === null || identify(initPid)?.startTime !== init.startTime) throw unhealthy(vmid, check, 'the container has ended');
    const address = addresses[attempt % addresses.length] ?? LOOPBACK;
    const refusal = await ask(initPid, check, address);
    if (refusal === null) return performance.now() - startedAt;
    if (performance.now() - startedAt >= timeoutMs) throw unhealthy(vmid, check, `no good answer within ${timeoutMs} ms; ${address}: ${refusal}`);
    await sleep(INTERVAL_MS);
  }
}

/** The static addresses of a container, without their prefix lengths. */
export const addressesOf = (ct: CtConfig): readonly string[] => ct.nets.flatMap(({ ip }) => (ip === null ? [] : [ip.split('/')[0] ?? '']));

/** null: healthy. */
async function ask(initPid: number, check: Exclude<HealthCheck, { kind: 'none' }>, address: string): Promise<string | null> {
  const [script, ...words] = check.kind === 'tcp' ? [CONNECT] : [GET, check.path];
  const argv = ['-t', String(initPid), '-n', '--', ...BASH, '-c', script, 'ask', address, String(check.port), ...words];
  const { exitCode, stdout, stderr, timedOut } = await run('nsenter', argv, { timeoutMs: ATTEMPT_TIMEOUT_MS, env: { BASH_ENV: '' } });
  if (timedOut) return `no answer within ${ATTEMPT_TIMEOUT_MS} ms`;
  if (exitCode !== 0) return stderr.trim().split(': ').at(-1) || `exit ${exitCode ?? 'by signal'}`;
  if (check.kind === 'tcp') return null;
  const line = stdout.trim();
  return /^HTTP\/\d\S* [23]\d\d\b/.test(line) ? null : `it answered ${line === '' ? 'nothing' : `'${line.slice(0, 80)}'`}`;
}

/** Its standard input is a socket, as of a remote shell: without `--norc` bash would run root's ~/.bashrc first (bash(1), INVOCATION). */
const BASH = ['bash', '--norc', '--noprofile'];

/**
 * bash opens connections by itself, so nothing has to be installed. Fixed text: the values come as arguments. A service may
 * answer before it has heard all, and close: that ends nobody.
 */
const CONNECT = 'exec 3<>"/dev/tcp/$1/$2"';
const GET = `trap '' PIPE; ${CONNECT} || exit 1; printf 'GET %s HTTP/1.0\\r\\nHost: %s\\r\\n\\r\\n' "$3" "$1" >&3 2>/dev/null; IFS= read -r line <&3; printf '%s' "$line"`;

const unhealthy = (vmid: Vmid, check: HealthCheck, cause: string): MigrationError =>
  new MigrationError('GuestUnhealthy', `check CT ${vmid} failed: ${formatHealthCheck(check)}: ${cause}`, { vmid });
