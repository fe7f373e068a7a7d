import { createClusterFiles } from '../cluster/cluster-files.js';
import { createGuestConfigStore } from '../cluster/guest-config-store.js';
import { localResources } from '../domain/guest/local-resources.js';
import { parseVmConfig } from '../domain/guest/parse-vm-config.js';
import type { VmConfig } from '../domain/guest/vm-config.js';
import { MigrationError } from '../domain/errors.js';
import type { Vmid } from '../domain/ids.js';
import { guestState } from '../hypervisor/node/guest-facts.js';
import { qemuFacts } from '../hypervisor/node/static-facts.js';
import { buildCommandLine } from '../hypervisor/qemu/command-line/build.js';
import { findQemu } from '../hypervisor/qemu/process/identity.js';
import { shutDownGuest } from '../hypervisor/qemu/process/shut-down.js';
import { startQemu } from '../hypervisor/qemu/process/start.js';
import { tapsOf } from '../hypervisor/qemu/process/taps.js';
import { powerProgram, wholeNumber, type NodeConfig as Config, type PowerOutcome as Outcome } from './guest-power.js';
import { createNodeStorages } from './node-storages.js';

/** `ferry vm start|stop|status <vmid>`: a guest's power on this node, for hosts without PVE's own tools. */
const DEFAULT_SHUTDOWN_SECONDS = 60;

async function start(config: Config, vmid: Vmid): Promise<Outcome> {
  const vm = await ownGuest(config, vmid, 'start');
  const warnings = vm.unknownKeys.length === 0 ? [] : [`kept in the config and not acted on: ${vm.unknownKeys.join(', ')}`];
  const running = findQemu(vmid, config);
  if (running !== null) return outcome(config, vmid, `is running already (pid ${running.pid})`, warnings);
  const storages = createNodeStorages(config, createClusterFiles(config.pveRoot));
  const [store, { ioUring }] = await Promise.all([storages.store(), qemuFacts(config.qemuBinary)]);
  const argv = buildCommandLine({
    config: vm, paths: config, binary: config.qemuBinary, incoming: false, ioUring, resolve: (volid) => store.resolve(volid),
  });
  const { pid } = await startQemu({ vmid, argv, taps: tapsOf(vm), paths: config });
  return outcome(config, vmid, `started (pid ${pid})`, warnings);
}

async function stop(config: Config, vmid: Vmid, timeoutSeconds: number): Promise<Outcome> {
  await ownGuest(config, vmid, 'stop');
  const how = await shutDownGuest(vmid, config, timeoutSeconds * 1000);
  const words = { 'not-running': 'was not running', 'powered-off': 'powered off', ended: 'did not power off by itself and was ended' };
  return outcome(config, vmid, words[how]);
}

async function status(config: Config, vmid: Vmid): Promise<Outcome> {
  const owner = await createGuestConfigStore(config.pveRoot).find(vmid);
  const here = await guestState(vmid, config);
  if (owner === null && here.pid === null) throw notFound('show', vmid);
  const where = owner === null ? ', without a config' : owner.node === config.node ? '' : `, but its config is on ${owner.node}`;
  return outcome(config, vmid, `${here.state}${here.pid === null ? '' : ` (pid ${here.pid})`}${where}`);
}

/** The guest's config, if the guest is this node's to start and stop. */
async function ownGuest({ pveRoot, node }: Config, vmid: Vmid, verb: 'start' | 'stop'): Promise<VmConfig> {
  const configs = createGuestConfigStore(pveRoot);
  const owner = await configs.find(vmid);
  if (owner === null) throw notFound(verb, vmid);
  if (owner.kind !== 'qemu') throw refusal('InvalidInput', verb, vmid, 'it is a container');
  if (owner.node !== node) throw refusal('InvalidInput', verb, vmid, `it is on ${owner.node}, this is ${node}`);
  const { config, problems } = parseVmConfig(vmid, await configs.read(vmid, 'qemu', node));
  if (config.lock !== null) throw refusal('GuestLocked', verb, vmid, `it is locked (${config.lock})`);
  if (verb === 'start' && problems.length > 0) throw refusal('InvalidInput', verb, vmid, `its config has errors: ${problems.join('; ')}`);
  if (verb === 'start' && config.template) throw refusal('InvalidInput', verb, vmid, 'it is a template');
  const foreign = verb === 'start' ? notBuilt(config) : [];
  if (foreign.length > 0) throw refusal('InvalidInput', verb, vmid, `ferry does not build ${foreign.join(', ')}; start it with PVE's tools, or remove them`);
  return config;
}

/** Devices a guest would miss, and memory encryption: started without them it would be another machine. */
function notBuilt(config: VmConfig): string[] {
  const { local, mapped } = localResources(config);
  const others = Object.keys(config.values).filter((key) => /^(?:efidisk0|tpmstate0|amd-sev|intel-tdx)$/.test(key));
  return [...local, ...mapped, ...others].sort();
}

const refusal = (code: 'InvalidInput' | 'GuestLocked', verb: string, vmid: Vmid, cause: string): MigrationError =>
  new MigrationError(code, `${verb} VM ${vmid} failed: ${cause}`, { vmid });

const notFound = (verb: string, vmid: Vmid): MigrationError =>
  new MigrationError('GuestNotFound', `${verb} VM ${vmid} failed: no node has a config of it`, { vmid });

async function outcome(config: Config, vmid: Vmid, predicate: string, warnings: readonly string[] = []): Promise<Outcome> {
  const { state, pid } = await guestState(vmid, config);
  return { sentence: `VM ${vmid} on ${config.node}: ${predicate}`, vmid, node: config.node, state, pid, warnings };
}

const command = powerProgram('ferry vm', "a guest's power on this node");
command.add('start', 'start the guest; no error when it runs already', start);
command.add('stop', 'let the guest power off, end it when it does not', (config, vmid, { timeout }) => stop(config, vmid, timeout))
  .option('--timeout <seconds>', 'how long it may take to power off; 0 ends it at once', wholeNumber, DEFAULT_SHUTDOWN_SECONDS);
command.add('status', 'tell whether the guest runs here', status);
await command.run();
