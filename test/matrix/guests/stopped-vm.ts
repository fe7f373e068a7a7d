import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NodeName } from '../../../domain/ids.js';
import type { Lab } from '../../../lab/lab.js';
import { vmRunsOn } from '../../../lab/vm.js';
import { MatrixGuest } from './guest.js';

/** A stopped VM with one image on a local storage, its content known by its digest. */
export class StoppedVm extends MatrixGuest {
  readonly kind = 'qemu';
  readonly wishes = {};
  readonly runs = false;
  readonly #digest: string;

  private constructor(lab: Lab, vmid: number) {
    super(lab, vmid);
    this.#digest = this.#read();
  }

  static async create(lab: Lab, vmid: number): Promise<StoppedVm> {
    await lab.vmCreate(vmid, 'pve1', { memoryMiB: 128, workingSetMiB: 16, disks: ['local:32M'] });
    execFileSync('dd', ['if=/dev/urandom', `of=${imageOf(lab, vmid, 'pve1')}`, 'bs=1M', 'count=12', 'seek=4', 'conv=notrunc', 'status=none']);
    return new StoppedVm(lab, vmid);
  }

  async begin(): Promise<void> {}

  async silentMs(): Promise<number> {
    return 0;
  }

  runsOn(node: NodeName): boolean {
    return vmRunsOn(this.lab.layout, this.vmid, node);
  }

  async look(): Promise<readonly string[]> {
    return [
      ...(this.#read() === this.#digest ? [] : ['its disk has another content']),
      ...this.lab.nodes.filter((node) => this.runsOn(node)).map((node) => `it runs on ${node}, and nobody started it`),
    ];
  }

  async stop(): Promise<void> {}

  protected async start(): Promise<void> {}

  #read(): string {
    return createHash('sha256').update(readFileSync(imageOf(this.lab, this.vmid, this.source))).digest('hex');
  }
}

const imageOf = (lab: Lab, vmid: number, node: NodeName): string => join(lab.dir, 'nodes', node, 'local/images', String(vmid), `vm-${vmid}-disk-0.raw`);
