import { z } from 'zod';
import { MigrationError } from '../../../domain/errors.js';
import type { ExecuteOptions, QmpClient } from './client.js';

/** `query-status`; `status` is QEMU's RunState (`running`, `paused`, `inmigrate`, `postmigrate`, `prelaunch`, …). */
export interface RunStatus {
  readonly status: string;
  readonly running: boolean;
}

export interface MachineType {
  readonly name: string;
  readonly alias: string | null;
  readonly isDefault: boolean;
  readonly deprecated: boolean;
}

export interface CpuDefinition {
  readonly name: string;
  /** Features this host's accelerator lacks; empty: the model runs here. null: QEMU does not say. */
  readonly unavailableFeatures: readonly string[] | null;
}

/** The machine as a whole: state, versions, objects. Every method throws `QmpError`. */
export class MachineMonitor {
  protected readonly client: QmpClient;

  constructor(client: QmpClient) {
    this.client = client;
  }

  queryStatus(): Promise<RunStatus> {
    return this.ask('query-status', Status);
  }

  /** `major.minor.micro`. */
  queryVersion(): Promise<string> {
    return this.ask('query-version', Version);
  }

  queryMachines(): Promise<readonly MachineType[]> {
    return this.ask('query-machines', Machines);
  }

  queryCpuDefinitions(): Promise<readonly CpuDefinition[]> {
    return this.ask('query-cpu-definitions', CpuDefinitions);
  }

  queryKvm(): Promise<{ readonly enabled: boolean; readonly present: boolean }> {
    return this.ask('query-kvm', Kvm);
  }

  queryCpusFast(): Promise<readonly { readonly cpuIndex: number; readonly threadId: number }[]> {
    return this.ask('query-cpus-fast', Cpus);
  }

  qomGet(path: string, property: string): Promise<unknown> {
    return this.client.execute('qom-get', { path, property });
  }

  /** `options`: `qom-type`, `id` and the object's own properties, by QEMU's names. */
  objectAdd(options: Readonly<Record<string, unknown>>): Promise<void> {
    return this.tell('object-add', options);
  }

  objectDel(id: string): Promise<void> {
    return this.tell('object-del', { id });
  }

  cont(): Promise<void> {
    return this.tell('cont');
  }

  stop(): Promise<void> {
    return this.tell('stop');
  }

  quit(): Promise<void> {
    return this.tell('quit');
  }

  /** Presses the guest's power button. */
  systemPowerdown(): Promise<void> {
    return this.tell('system_powerdown');
  }

  /** Lets every network device announce where it is now: `rounds` packets, the first after `initialMs`. */
  announceSelf(pace = { initialMs: 50, maxMs: 550, rounds: 5, stepMs: 100 }): Promise<void> {
    return this.tell('announce-self', { initial: pace.initialMs, max: pace.maxMs, rounds: pace.rounds, step: pace.stepMs });
  }

  protected async tell(command: string, args?: Readonly<Record<string, unknown>>, options?: ExecuteOptions): Promise<void> {
    await this.client.execute(command, args, options);
  }

  protected async ask<T>(command: string, answer: z.ZodType<T>, args?: Readonly<Record<string, unknown>>): Promise<T> {
    const parsed = answer.safeParse(await this.client.execute(command, args));
    if (parsed.success) return parsed.data;
    const desc = `unexpected answer: ${z.prettifyError(parsed.error)}`;
    throw new MigrationError('QmpError', `QMP ${command} failed: ${desc}`, { class: 'UnexpectedAnswer', desc, command });
  }
}

const Status = z.object({ status: z.string(), running: z.boolean() });
const Version = z.object({ qemu: z.object({ major: z.number(), minor: z.number(), micro: z.number() }) })
  .transform(({ qemu }) => `${qemu.major}.${qemu.minor}.${qemu.micro}`);
const Machines = z.array(z.object({
  name: z.string(), alias: z.string().optional(), 'is-default': z.boolean().optional(), deprecated: z.boolean().optional(),
}).transform((m): MachineType => ({ name: m.name, alias: m.alias ?? null, isDefault: m['is-default'] ?? false, deprecated: m.deprecated ?? false })));
const CpuDefinitions = z.array(z.object({ name: z.string(), 'unavailable-features': z.array(z.string()).optional() })
  .transform((c): CpuDefinition => ({ name: c.name, unavailableFeatures: c['unavailable-features'] ?? null })));
const Kvm = z.object({ enabled: z.boolean(), present: z.boolean() });
const Cpus = z.array(z.object({ 'cpu-index': z.number(), 'thread-id': z.number() })
  .transform((c) => ({ cpuIndex: c['cpu-index'], threadId: c['thread-id'] })));
