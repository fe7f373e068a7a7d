import { get } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { MigrationError, messageOf } from '../../domain/errors.js';
import { parseHealthCheck, type HealthCheck } from '../../domain/guest/health-check.js';
import type { VmConfig } from '../../domain/guest/vm-config.js';
import { agentPath, type RunPaths } from '../paths.js';
import { askGuestAgent } from './guest-agent.js';

const ATTEMPT_MS = 2000;
const PAUSE_MS = 250;

/** Asks a VM's service until it answers, from its node: `agent`, `tcp:<port>` or `http:<port>/<path>` (2xx or 3xx). Throws `GuestUnhealthy` with what the last try met. */
export async function checkVmHealth(vm: VmConfig, check: string, paths: RunPaths, timeoutMs: number): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const refusal = await ask(vm, check, paths).then(() => null, messageOf);
    if (refusal === null) return;
    if (performance.now() >= deadline) throw unhealthy(vm, check, `no good answer within ${Math.round(timeoutMs / 1000)} s: ${refusal}`);
    await sleep(PAUSE_MS);
  }
}

async function ask(vm: VmConfig, check: string, paths: RunPaths): Promise<void> {
  const socket = agentPath(paths, vm.vmid);
  if (check === 'agent') return void (await askGuestAgent(socket, vm.vmid, 'guest-ping'));
  const parsed = parseHealthCheck(check);
  const addresses = [...configuredAddresses(vm), ...(await agentAddresses(socket, vm))];
  if (addresses.length === 0) throw unhealthy(vm, check, 'its address is not known: it has none in ipconfig<n>, and its guest agent does not tell one');
  await Promise.any(addresses.map((address) => knock(parsed, address))).catch((error: unknown) => {
    throw unhealthy(vm, check, error instanceof AggregateError ? error.errors.map(messageOf).join('; ') : messageOf(error));
  });
}

/** Cloud-init's `ipconfig<n>: ip=10.0.0.5/24,gw=…`. */
const configuredAddresses = ({ values }: VmConfig): string[] =>
  Object.entries(values).flatMap(([key, value]) => (/^ipconfig\d+$/.test(key) ? (/(?:^|,)ip=([\d.]+)(?:\/\d+)?/.exec(value)?.[1] ?? []) : []));

interface Interface {
  readonly 'ip-addresses'?: readonly { readonly 'ip-address'?: string; readonly 'ip-address-type'?: string }[];
}

async function agentAddresses(socket: string, { vmid }: VmConfig): Promise<string[]> {
  const interfaces = await askGuestAgent(socket, vmid, 'guest-network-get-interfaces').catch(() => []);
  const all = (Array.isArray(interfaces) ? (interfaces as Interface[]) : []).flatMap((one) => one['ip-addresses'] ?? []);
  return all.flatMap((one) => (one['ip-address-type'] === 'ipv4' && one['ip-address'] !== undefined && !one['ip-address'].startsWith('127.') ? [one['ip-address']] : []));
}

function knock(check: HealthCheck, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    if (check.kind === 'none') return resolve();
    const late = (): Error => new Error(`${address}: no answer within ${ATTEMPT_MS} ms`);
    if (check.kind === 'tcp') {
      const socket = connect({ host: address, port: check.port, timeout: ATTEMPT_MS }, () => {
        socket.destroy();
        resolve();
      });
      socket.on('timeout', () => socket.destroy(late())).on('error', (error) => reject(new Error(`${address}: ${error.message}`)));
      return;
    }
    const request = get({ host: address, port: check.port, path: check.path, timeout: ATTEMPT_MS }, ({ statusCode = 0 }) => {
      request.destroy();
      if (statusCode >= 200 && statusCode < 400) resolve();
      else reject(new Error(`${address}: it answered ${statusCode}`));
    });
    request.on('timeout', () => request.destroy(late())).on('error', (error) => reject(new Error(`${address}: ${error.message}`)));
  });
}

const unhealthy = ({ vmid }: VmConfig, check: string, cause: string): MigrationError => new MigrationError('GuestUnhealthy', `check VM ${vmid} failed: ${check}: ${cause}`, { vmid });
