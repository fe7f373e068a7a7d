import type { NodeName } from '../../../domain/ids.js';
import type { Lab } from '../../../lab/lab.js';
import { configFile, configText, leftovers, type GuestKind } from '../leftovers.js';
import { editGuestConfig } from '../../../domain/guest/edit-guest-config.js';
import { readFileSync, writeFileSync } from 'node:fs';

/** A guest that rows move to and fro, and how it is looked at. */
export abstract class MatrixGuest {
  readonly lab: Lab;
  readonly vmid: number;
  abstract readonly kind: GuestKind;
  /** What is asked for, target and transport aside. */
  abstract readonly wishes: Readonly<Record<string, unknown>>;
  /** Whether it has to run when all is over. */
  abstract readonly runs: boolean;

  constructor(lab: Lab, vmid: number) {
    this.lab = lab;
    this.vmid = vmid;
  }

  /** A row begins: figures anew; violations are never forgotten. */
  abstract begin(): Promise<void>;
  /** The longest time without a sign of life since then. */
  abstract silentMs(): Promise<number>;
  abstract runsOn(node: NodeName): boolean;
  /** What is wrong with it: content, answers, and every sign of two copies at once. `same`: no fault has ended it. */
  abstract look(same: boolean): Promise<readonly string[]>;
  abstract stop(): Promise<void>;
  protected abstract start(): Promise<void>;

  get source(): NodeName {
    return this.kind === 'lxc' ? this.lab.ctNode(this.vmid) : this.lab.vmNode(this.vmid);
  }

  get target(): NodeName {
    return this.source === 'pve1' ? 'pve2' : 'pve1';
  }

  async owner(): Promise<NodeName> {
    return (await configText(this.lab, this.vmid, this.kind)).node;
  }

  /** After a fault that took it: somebody unlocks it, as the migration's advice says, and starts it where it belongs. */
  async startAgain(): Promise<void> {
    const file = configFile(this.lab, this.vmid, this.source, this.kind);
    writeFileSync(file, editGuestConfig(readFileSync(file, 'utf8'), { delete: ['lock'] }));
    await this.start();
  }

  leftovers(owner: NodeName): Promise<readonly string[]> {
    return leftovers(this.lab, this.vmid, owner, { kind: this.kind, runs: this.runs });
  }
}
