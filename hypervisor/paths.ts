import { join } from 'node:path';
import type { Vmid } from '../domain/ids.js';

/** Where a node keeps the sockets and pid files of its guests. */
export interface RunPaths {
  /** PVE: `/run/qemu-server`. */
  readonly qemuRunDir: string;
}

/** For everyone: status, command line, PVE's own tools. */
export const generalQmpPath = (paths: RunPaths, vmid: Vmid): string => join(paths.qemuRunDir, `${vmid}.qmp`);
/** The migration driver's own: a QMP socket serves one client at a time. */
export const driveQmpPath = (paths: RunPaths, vmid: Vmid): string => join(paths.qemuRunDir, `${vmid}.drive.qmp`);
export const pidPath = (paths: RunPaths, vmid: Vmid): string => join(paths.qemuRunDir, `${vmid}.pid`);
export const serialPath = (paths: RunPaths, vmid: Vmid, index: number): string => join(paths.qemuRunDir, `${vmid}.serial${index}`);
/** The guest agent's channel; the name is PVE's. */
export const agentPath = (paths: RunPaths, vmid: Vmid): string => join(paths.qemuRunDir, `${vmid}.qga`);

export const tapName = (vmid: Vmid, netIndex: number): string => `tap${vmid}i${netIndex}`;
