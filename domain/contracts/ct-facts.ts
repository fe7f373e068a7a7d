import type { Volid } from '../ids.js';

export const CT_RUN_STATES = ['stopped', 'starting', 'running', 'stopping', 'frozen'] as const;
export type CtRunState = (typeof CT_RUN_STATES)[number];

/** One volume of a container as it really is on the node. */
export interface CtVolumeFacts {
  /** `rootfs`, `mp0`, `unused0`, … */
  readonly mount: string;
  readonly volid: Volid;
  readonly storage: string;
  readonly path: string;
  /** `subvol`: a directory; `raw`: an image with a file system in it. */
  readonly kind: 'subvol' | 'raw';
  /** How large it may become; null: a directory without a limit. */
  readonly sizeBytes: number | null;
  /** What it occupies now; null: it could not be counted in time. */
  readonly usedBytes: number | null;
}

/** A container on this node. Gathering it changes nothing. */
export interface ContainerFacts {
  readonly state: CtRunState;
  /** As this node numbers it; null: it does not run. */
  readonly initPid: number | null;
  readonly volumes: readonly CtVolumeFacts[];
  /** Volumes that could not be looked at, one sentence each. */
  readonly problems: readonly string[];
}
