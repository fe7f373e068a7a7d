import { join } from 'node:path';
import type { Vmid } from '../../domain/ids.js';

/** Where a node keeps what belongs to its running containers. */
export interface LxcPaths {
  /** LXC's own: part of the name of a container's command socket, so everyone who asks for one has to say the same. */
  readonly lxcPath: string;
  /** Ours: `<vmid>/` with config, log and the mounts of image volumes. Gone after a reboot, as the mounts are. */
  readonly lxcRunDir: string;
}

export const ctRunDir = (paths: LxcPaths, vmid: Vmid): string => join(paths.lxcRunDir, String(vmid));
export const ctConfigPath = (paths: LxcPaths, vmid: Vmid): string => join(ctRunDir(paths, vmid), 'config');
/** Of the last start only: the reason of a failed one stands here and nowhere else. */
export const ctLogPath = (paths: LxcPaths, vmid: Vmid): string => join(ctRunDir(paths, vmid), 'log');
/** `name`: `rootfs`, `mp0`, … */
export const ctMountPath = (paths: LxcPaths, vmid: Vmid, name: string): string => join(ctRunDir(paths, vmid), 'mounts', name);
/** The node's end of a container's network card; PVE's name. */
export const vethName = (vmid: Vmid, netIndex: number): string => `veth${vmid}i${netIndex}`;
