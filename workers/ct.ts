import { createClusterFiles } from '../cluster/cluster-files.js';
import { createGuestConfigStore } from '../cluster/guest-config-store.js';
import type { ContainerFacts } from '../domain/contracts/ct-facts.js';
import { MigrationError } from '../domain/errors.js';
import type { CtConfig } from '../domain/guest/ct-config.js';
import { parseHealthCheck } from '../domain/guest/health-check.js';
import { parseCtConfig, type ParsedCtConfig } from '../domain/guest/parse-ct-config.js';
import type { Vmid } from '../domain/ids.js';
import { renderBytes, renderDuration } from '../domain/units.js';
import { containerFacts } from '../hypervisor/lxc/facts.js';
import { addressesOf, healthCheck } from '../hypervisor/lxc/health.js';
import { startContainer } from '../hypervisor/lxc/process/start.js';
import { containerState } from '../hypervisor/lxc/process/state.js';
import { stopContainer } from '../hypervisor/lxc/process/stop.js';
import { powerProgram, wholeNumber, type NodeConfig, type PowerOutcome } from './guest-power.js';
import { createNodeStorages } from './node-storages.js';

/** `ferry ct start|stop|status <vmid>`: a container's power on this node, for hosts without PVE's own tools. */
const DEFAULT_SHUTDOWN_SECONDS = 60;
const DEFAULT_CHECK_SECONDS = 10;

async function start(config: NodeConfig, vmid: Vmid): Promise<PowerOutcome> {
  const { config: ct, problems } = await ownContainer(config, vmid, 'start');
  if (problems.length > 0) throw refusal('InvalidInput', 'start', vmid, `its config has errors: ${problems.join('; ')}`);
  if (ct.template) throw refusal('InvalidInput', 'start', vmid, 'it is a template');
  const foreign = notBuilt(ct);
  if (foreign.length > 0) throw refusal('InvalidInput', 'start', vmid, `ferry does not build ${foreign.join(', ')}; start it with PVE's tools, or remove them`);
  const warnings = ignored(ct);
  const { how, initPid } = await startContainer({ ct, paths: config, resolve: await volumesOf(config) });
  return outcome(config, vmid, `${how === 'started' ? 'started' : 'is running already'} (pid ${initPid})`, warnings.length === 0 ? [] : [`kept in the config and not acted on: ${warnings.join(', ')}`]);
}

async function stop(config: NodeConfig, vmid: Vmid, timeoutSeconds: number, kill: boolean): Promise<PowerOutcome> {
  await ownContainer(config, vmid, 'stop');
  const words = { 'not-running': 'was not running', halted: 'halted', killed: 'did not halt by itself and was killed' };
  return outcome(config, vmid, words[await stopContainer(vmid, config, { timeoutMs: timeoutSeconds * 1000, kill })]);
}

interface Status extends PowerOutcome {
  readonly volumes: ContainerFacts['volumes'];
}

async function status(config: NodeConfig, vmid: Vmid, check: string, timeoutSeconds: number): Promise<Status> {
  const wanted = parseHealthCheck(check);
  const owner = await createGuestConfigStore(config.pveRoot).find(vmid);
  const { state, initPid } = await containerState(vmid, config);
  if (owner === null && initPid === null) throw notFound('show', vmid);
  if (owner !== null && owner.kind !== 'lxc') throw refusal('InvalidInput', 'show', vmid, 'it is a virtual machine');
  const where = owner === null ? ', without a config' : owner.node === config.node ? '' : `, but its config is on ${owner.node}`;
  const answer = await outcome(config, vmid, `${state}${initPid === null ? '' : ` (pid ${initPid})`}${where}`);
  if (owner?.node !== config.node) return { ...answer, volumes: [] };
  const { config: ct } = parseCtConfig(vmid, await createGuestConfigStore(config.pveRoot).read(vmid, 'lxc', config.node));
  const { volumes, problems } = await containerFacts({ ct, paths: config, resolve: await volumesOf(config) });
  if (wanted.kind !== 'none' && initPid === null) throw refusal('GuestUnhealthy', 'check', vmid, 'it does not run');
  const tookMs = initPid === null ? 0 : await healthCheck({ vmid, initPid, check: wanted, addresses: addressesOf(ct), timeoutMs: timeoutSeconds * 1000 });
  const lines = volumes.map(({ mount, volid, usedBytes, sizeBytes }) =>
    `  ${mount} ${volid}: ${usedBytes === null ? 'not counted' : renderBytes(usedBytes)}${sizeBytes === null ? '' : ` of ${renderBytes(sizeBytes)}`}`);
  const healthy = wanted.kind === 'none' ? [] : [`  ${check} answers (${renderDuration(tookMs)})`];
  return { ...answer, sentence: [answer.sentence, ...lines, ...healthy].join('\n'), warnings: problems, volumes };
}

/** The container's config, if the container is this node's to start and stop. Its place says so, and nothing else would keep LXC from running it twice. */
async function ownContainer({ pveRoot, node }: NodeConfig, vmid: Vmid, verb: 'start' | 'stop'): Promise<ParsedCtConfig> {
  const configs = createGuestConfigStore(pveRoot);
  const owner = await configs.find(vmid);
  if (owner === null) throw notFound(verb, vmid);
  if (owner.kind !== 'lxc') throw refusal('InvalidInput', verb, vmid, 'it is a virtual machine');
  if (owner.node !== node) throw refusal('InvalidInput', verb, vmid, `it is on ${owner.node}, this is ${node}`);
  const parsed = parseCtConfig(vmid, await configs.read(vmid, 'lxc', node));
  if (parsed.config.lock !== null) throw refusal('GuestLocked', verb, vmid, `it is locked (${parsed.config.lock})`);
  return parsed;
}

const volumesOf = (config: NodeConfig): ReturnType<ReturnType<typeof createNodeStorages>['ctVolumes']> =>
  createNodeStorages(config, createClusterFiles(config.pveRoot)).ctVolumes();

/** What a container would miss: started without it, it would be another one. */
function notBuilt(ct: CtConfig): string[] {
  const mapped = [...(ct.rootfs === null ? [] : [ct.rootfs]), ...ct.mountPoints].filter(({ options }) => options['idmap'] !== undefined).map(({ name }) => `${name}'s idmap`);
  return [...ct.devices.map(({ key }) => key), ...mapped].sort();
}

const ACTED_ON_BY_NETS = ['type', 'host-managed'];

function ignored(ct: CtConfig): string[] {
  return [...ct.unknownKeys, ...ct.nets.flatMap(({ key, options }) => Object.keys(options).filter((name) => !ACTED_ON_BY_NETS.includes(name)).map((name) => `${key}'s ${name}`))];
}

async function outcome(config: NodeConfig, vmid: Vmid, predicate: string, warnings: readonly string[] = []): Promise<PowerOutcome> {
  const { state, initPid } = await containerState(vmid, config);
  return { sentence: `CT ${vmid} on ${config.node}: ${predicate}`, vmid, node: config.node, state, pid: initPid, warnings };
}

const refusal = (code: 'InvalidInput' | 'GuestLocked' | 'GuestUnhealthy', verb: string, vmid: Vmid, cause: string): MigrationError =>
  new MigrationError(code, `${verb} CT ${vmid} failed: ${cause}`, { vmid });

const notFound = (verb: string, vmid: Vmid): MigrationError =>
  new MigrationError('GuestNotFound', `${verb} CT ${vmid} failed: no node has a config of it`, { vmid });

const command = powerProgram('ferry ct', "a container's power on this node");
command.add('start', 'start the container; no error when it runs already', start);
command.add('stop', 'let the container halt', (config, vmid, { timeout, kill }) => stop(config, vmid, timeout, kill === true))
  .option('--timeout <seconds>', 'how long it may take to halt', wholeNumber, DEFAULT_SHUTDOWN_SECONDS)
  .option('--kill', 'end it when it has not halted; without this it goes on');
command.add('status', 'tell whether the container runs here, and what its volumes hold', (config, vmid, { check, timeout }) => status(config, vmid, check ?? 'none', timeout))
  .option('--check <what>', 'whether its service answers: tcp:<port>, http:<port>/<path>')
  .option('--timeout <seconds>', 'how long the service may take to answer', wholeNumber, DEFAULT_CHECK_SECONDS);
await command.run();
