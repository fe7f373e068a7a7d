import type { Decision, Planned } from '../../domain/contracts/activities.js';
import type { GuestRunState } from '../../domain/contracts/facts.js';
import type { SwitchFault } from './faults.js';

interface Side {
  qemu: GuestRunState;
  migrationStatus: string | null;
  journal: string | null;
}

/**
 * One guest on two nodes with the rules of the handover protocol, in memory. Every change of a run state is checked:
 * two running copies, or none that could be resumed, are violations that no later step can hide.
 */
export class World {
  readonly violations: string[] = [];
  readonly calls: string[] = [];
  readonly source: Side = { qemu: 'running', migrationStatus: null, journal: null };
  readonly target: Side = { qemu: 'stopped', migrationStatus: null, journal: null };
  token: Decision = 'none';
  tokenEpoch = '';
  lock: { epoch: string; workflowId: string; nodes?: readonly string[] } | null = null;
  configOn: 'source' | 'target' = 'source';
  /** First record of each side's journal entry. */
  readonly noted: Record<'source' | 'target', Planned | null> = { source: null, target: null };
  readonly #listening = new Gate();
  /** After a reset the lost run's attempt may end after the next has begun. */
  #listeners = 0;
  readonly #committed = new Gate();
  readonly #targetDied = new Gate();

  readonly vmid: number;
  readonly switchFault: SwitchFault;

  constructor(vmid: number, switchFault: SwitchFault = 'none') {
    this.vmid = vmid;
    this.switchFault = switchFault;
  }

  get listening(): Promise<void> {
    return this.#listening.opened;
  }

  get committed(): Promise<void> {
    return this.#committed.opened;
  }

  /** Its QEMU ended while it listened. */
  get targetDied(): Promise<void> {
    return this.#targetDied.opened;
  }

  listen(on: boolean): void {
    this.#listeners += on ? 1 : -1;
    if (this.#listeners > 0) this.#listening.open();
    else this.#listening.close();
  }

  set(side: 'source' | 'target', change: Partial<Side>): void {
    Object.assign(this[side], change);
    if (this.source.qemu === 'running' && this.target.qemu === 'running') this.violations.push('S1: both copies run');
    if (this.source.qemu === 'stopped' && this.target.qemu !== 'running' && !wholeCopy(this.target)) this.violations.push('S2: no copy is left');
  }

  decide(wanted: 'committed' | 'aborted'): Decision {
    if (this.token === 'undecided') this.token = wanted;
    return this.token;
  }

  forget(epoch: string): void {
    if (this.tokenEpoch === epoch) this.token = 'none';
  }

  unlock(epoch: string): void {
    if (this.lock?.epoch === epoch) this.lock = null;
  }

  /** The driver's switch: stop, completed, HANDOVER, commit, resume; false when nobody listens or it is decided. */
  switchNow(): boolean {
    if (!this.#listening.isOpen || this.token !== 'undecided') return false;
    this.set('source', { qemu: 'paused', migrationStatus: 'pre-switchover' });
    this.set('target', { qemu: 'paused', migrationStatus: 'completed' });
    this.set('source', { qemu: 'postmigrate', migrationStatus: 'completed', journal: 'handed-over' });
    if (this.switchFault === 'target-copy-lost') this.set('target', { qemu: 'inmigrate', migrationStatus: null });
    if (this.switchFault === 'target-died') {
      this.set('target', { qemu: 'stopped', migrationStatus: null });
      this.#targetDied.open();
    }
    if (this.switchFault === 'none') this.commit();
    return true;
  }

  /** By the target; true when it owns the guest now. */
  commit(): boolean {
    if (this.token !== 'committed' && this.source.journal !== 'handed-over') this.violations.push('rule 1: commit without HANDOVER');
    if (this.decide('committed') !== 'committed') return false;
    this.configOn = 'target';
    this.set('target', { qemu: 'running' });
    this.#committed.open();
    return true;
  }

  /** Everything of the migration that is still there. */
  leftovers(): string[] {
    const owner = this.configOn;
    return [
      this.token === 'none' ? '' : `token ${this.token}`,
      this.lock === null ? '' : 'lock',
      this.source.journal === null ? '' : `source journal ${this.source.journal}`,
      this.target.journal === null ? '' : `target journal ${this.target.journal}`,
      this[owner === 'source' ? 'target' : 'source'].qemu === 'stopped' ? '' : 'second QEMU',
      this[owner].qemu === 'running' ? '' : `guest on ${owner} is ${this[owner].qemu}`,
    ].filter((left) => left !== '');
  }
}

export const wholeCopy = ({ qemu, migrationStatus }: Side): boolean => migrationStatus === 'completed' && qemu !== 'stopped' && qemu !== 'inmigrate';

class Gate {
  isOpen = false;
  opened: Promise<void>;
  #resolve: () => void = () => undefined;

  constructor() {
    this.opened = this.#renew();
  }

  open(): void {
    this.isOpen = true;
    this.#resolve();
  }

  close(): void {
    if (this.isOpen) this.opened = this.#renew();
    this.isOpen = false;
  }

  #renew(): Promise<void> {
    return new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }
}
