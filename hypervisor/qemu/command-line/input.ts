import type { DriveName, Volid } from '../../../domain/ids.js';
import type { VmConfig } from '../../../domain/guest/vm-config.js';
import type { RunPaths } from '../../paths.js';

export interface Image {
  readonly path: string;
  readonly format: string;
}

export interface CommandLineInput {
  readonly config: VmConfig;
  readonly paths: RunPaths;
  readonly resolve: (volid: Volid) => Image;
  readonly binary: string;
  /** Versioned machine type; overrides the config's. */
  readonly machine?: string;
  /** Waits for a migration stream, guest stopped. */
  readonly incoming: boolean;
  /** Starts with the guest stopped, ready to run. */
  readonly paused?: boolean;
  /** Images in place of the config's, by drive: what a migration copies to. */
  readonly overrides?: Readonly<Record<DriveName, Image>>;
  /** io_uring works on this node (see the node's static facts). Otherwise drives without `aio` use threads. */
  readonly ioUring?: boolean;
}
