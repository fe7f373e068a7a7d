import type { GuestRunState } from '../../domain/contracts/facts.js';
import type { Vmid } from '../../domain/ids.js';

/** A guest's power on this node, for one kind of guest. Real: `workers/guest-power.ts`. */
export interface GuestPower {
  /** `stopped`: nothing of it runs here. */
  state(vmid: Vmid): Promise<GuestRunState>;
  /** Starts it from its config on this node; no error when it runs. Throws `TargetStartFailed` with the reason. */
  start(vmid: Vmid): Promise<void>;
  /** Lets it shut down. Throws `GuestNotStopped` when it has not done so in time: it is not killed. */
  shutDown(vmid: Vmid, timeoutMs: number): Promise<void>;
  /** Ends it at once; no error when it does not run. Nothing of it holds its volumes afterwards. */
  end(vmid: Vmid): Promise<void>;
  /** Throws `TargetStartFailed` when the check has no answer in time. null: it has to run. */
  health(vmid: Vmid, check: string | null): Promise<void>;
}
