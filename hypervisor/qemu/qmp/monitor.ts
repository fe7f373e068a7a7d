import { MigrationMonitor } from './monitor-migration.js';

export type { BlockDevice, BlockExport, BlockImage, BlockJob, BlockNode, MirrorArguments } from './monitor-block.js';
export type { CpuDefinition, MachineType, RunStatus } from './monitor-machine.js';
export type { MigrationInfo, RamFigures } from './monitor-migration.js';
export type { QemuAddress } from './address.js';

/** QMP's commands as typed methods: one per command, QEMU's names turned into ours here and nowhere else. */
export class Monitor extends MigrationMonitor {}
