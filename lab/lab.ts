import type { NodeName, Vmid } from '../domain/ids.js';
import { type UpOptions, assemble, dismantle } from './assemble.js';
import { type CtOutcome, type CtStopOptions, controlCt, createCt, nodeOfCt, stopWords } from './ct.js';
import type { CtOptions } from './ct-config.js';
import { type CtProbe, startCtProbe } from './ct-probe.js';
import { type CtWatch, startCtWatch } from './ct-watch.js';
import { LabError } from './errors.js';
import { type Failpoints, openFailpoints } from './failpoints.js';
import { type Layout, type Network, layoutOf } from './layout.js';
import { type Direction, heal, type InterfaceBytes, interfaceBytes, lose, partition, slow } from './network.js';
import { bootNode, crashNode, execInNode, freezeNode, nodeStatus, setReadonly } from './node.js';
import { type Probe, startProbe } from './probe.js';
import { writeMembers } from './pve-root.js';
import type { Finished } from './run.js';
import { type ServiceAction, actOnAgent, actOnControl, controlEnvironment } from './services.js';
import { type LabState, requireState } from './state.js';
import { type Storages, openStorages } from './storages.js';
import { restartTemporal, stopTemporal } from './temporal.js';
import { controlVm, createVm, nodeOfVm } from './vm.js';
import type { VmOptions } from './vm-config.js';
import { type Watch, startWatch } from './watch.js';

export interface LabOptions extends UpOptions {
  /** State directory; default FERRY_LAB_DIR, then `<project>/var/lab`. */
  readonly dir?: string;
}

/**
 * A whole cluster on one machine: what tests, demo and benchmarks hold in their hands. Every `ferry-lab` command is one
 * of these methods. All of them throw `LabError`.
 */
export class Lab {
  readonly layout: Layout;
  readonly state: LabState;

  private constructor(layout: Layout, state: LabState) {
    this.layout = layout;
    this.state = state;
  }

  /** Makes the lab, or completes one that is up in this directory. */
  static async up(options: LabOptions = {}): Promise<Lab> {
    const layout = layoutOf(options.dir);
    return new Lab(layout, await assemble(layout, options));
  }

  /** A lab that is up already. */
  static async open(dir?: string): Promise<Lab> {
    const layout = layoutOf(dir);
    return new Lab(layout, await requireState(layout));
  }

  /** Leaves nothing running. `purge`: its files go too, guests' disks and Temporal's history included. */
  async down(options: { readonly purge?: boolean } = {}): Promise<void> {
    return dismantle(this.layout, { purge: options.purge ?? false });
  }

  get dir(): string {
    return this.layout.dir;
  }

  get nodes(): readonly NodeName[] {
    return this.state.nodes;
  }

  /** Temporal as the machine itself reaches it. */
  get temporalAddress(): string {
    if (!this.state.temporal) throw new LabError('this lab was made without Temporal');
    return this.state.temporal.address;
  }

  /** What a client or worker on the machine itself needs: PATH, FERRY_HOME, FERRY_CONFIG, TEMPORAL_ADDRESS, FERRY_LAB_DIR. */
  get env(): Record<string, string> {
    return { ...controlEnvironment(this.layout, this.state.temporal?.address ?? ''), FERRY_LAB_DIR: this.dir };
  }

  /** Runs a command inside a node; any exit code is an answer. */
  async exec(node: NodeName, argv: readonly string[]): Promise<Finished> {
    return execInNode(this.layout, this.state, node, argv);
  }

  async vmCreate(vmid: Vmid, node: NodeName, options: VmOptions = {}): Promise<void> {
    return createVm(this.layout, this.state, vmid, node, options);
  }

  async vmStart(vmid: Vmid): Promise<void> {
    return controlVm(this.layout, this.state, vmid, 'start');
  }

  async vmStop(vmid: Vmid): Promise<void> {
    return controlVm(this.layout, this.state, vmid, 'stop');
  }

  async ctCreate(vmid: Vmid, node: NodeName, options: CtOptions = {}): Promise<void> {
    return createCt(this.layout, this.state, vmid, node, options);
  }

  async ctStart(vmid: Vmid): Promise<CtOutcome> {
    return controlCt(this.layout, this.state, vmid, 'start');
  }

  async ctStop(vmid: Vmid, options: CtStopOptions = {}): Promise<CtOutcome> {
    return controlCt(this.layout, this.state, vmid, 'stop', stopWords(options));
  }

  async ctStatus(vmid: Vmid): Promise<CtOutcome> {
    return controlCt(this.layout, this.state, vmid, 'status');
  }

  ctNode(vmid: Vmid): NodeName {
    return nodeOfCt(this.layout, vmid);
  }

  /** Asks the container's HTTP service from outside; resolves when it answers. */
  async ctProbe(vmid: Vmid, readyWithinMs?: number): Promise<CtProbe> {
    return startCtProbe(this.layout, vmid, readyWithinMs);
  }

  /** Proves that a container never runs twice at once. */
  ctWatch(vmid: Vmid): CtWatch {
    return startCtWatch(this.layout, this.nodes, vmid);
  }

  /** Storages of limited size, beside the three every lab has. */
  get storages(): Storages {
    return openStorages(this.layout, this.state);
  }

  /** The node whose directory holds the guest's config: its owner. */
  vmNode(vmid: Vmid): NodeName {
    return nodeOfVm(this.layout, vmid);
  }

  /** Watches the guest from outside; resolves when it answers, so it also waits for a boot. */
  async probe(vmid: Vmid, readyWithinMs?: number): Promise<Probe> {
    return startProbe(this.layout, vmid, readyWithinMs);
  }

  /** Proves that a guest made with `watched` never runs twice at once. */
  async watch(vmid: Vmid): Promise<Watch> {
    return startWatch(this.layout, this.nodes, vmid);
  }

  /** Power failure. */
  async crash(node: NodeName): Promise<void> {
    await crashNode(this.layout, this.state, this.#known(node));
    this.#writeMembers();
  }

  async boot(node: NodeName): Promise<void> {
    await bootNode(this.layout, this.state, this.#known(node));
    this.#writeMembers();
  }

  /** The node hangs: every process stands still, its network stack still acknowledges. */
  async freeze(node: NodeName): Promise<void> {
    await freezeNode(this.layout, this.state, this.#known(node), true);
    this.#writeMembers();
  }

  async thaw(node: NodeName): Promise<void> {
    await freezeNode(this.layout, this.state, this.#known(node), false);
    this.#writeMembers();
  }

  async partition(node: NodeName, network: Network): Promise<void> {
    return partition(this.layout, this.#known(node), network);
  }

  async heal(node: NodeName, network: Network): Promise<void> {
    return heal(this.layout, this.#known(node), network);
  }

  /** `rate` as tc(8) has it, both directions, e.g. `100mbit`; `off` removes it. */
  async slow(node: NodeName, network: Network, rate: string): Promise<void> {
    return slow(this.layout, this.#known(node), network, rate);
  }

  /** Percent of packets lost, by default in each direction; 100 is a silent black hole, 0 removes it. */
  async loss(node: NodeName, network: Network, percent: number, direction?: Direction): Promise<void> {
    return lose(this.layout, this.#known(node), network, percent, direction);
  }

  /** The node's view of the PVE root: read-only is what a node without quorum sees. */
  async readonly(node: NodeName, on: boolean): Promise<void> {
    return setReadonly(this.layout, this.state, node, on);
  }

  async agent(node: NodeName, action: ServiceAction): Promise<void> {
    return actOnAgent(this.layout, this.state, this.#known(node), action);
  }

  async control(action: ServiceAction): Promise<void> {
    return actOnControl(this.layout, action);
  }

  async temporal(action: ServiceAction): Promise<void> {
    const { temporal } = this.state;
    if (!temporal) throw new LabError('this lab was made without Temporal');
    await (action === 'start' ? restartTemporal(this.layout, temporal) : stopTemporal(this.layout, temporal, action));
  }

  /** The failpoints of a node's agent, or of the control worker (`control`). */
  failpoints(where: NodeName | 'control'): Failpoints {
    return openFailpoints(this.layout, where === 'control' ? where : this.#known(where));
  }

  async interfaceBytes(node: NodeName, network: Network): Promise<InterfaceBytes> {
    return interfaceBytes(this.layout, this.#known(node), network);
  }

  /** As corosync counts: a node whose programs hang has left after a second or so. */
  #writeMembers(): void {
    const online = this.nodes.filter((n) => nodeStatus(this.layout, this.state, n) === 'up');
    writeMembers(this.layout, this.nodes, new Set(online));
  }

  #known(node: NodeName): NodeName {
    if (!this.nodes.includes(node)) throw new LabError(`no node ${node} in this lab: it has ${this.nodes.join(', ')}`, 4);
    return node;
  }
}
