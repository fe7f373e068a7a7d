import type { MigrationType } from '../contracts/request.js';

/** The keys of `datacenter.cfg` a migration depends on. */
export interface DatacenterConfig {
  readonly migration: { readonly type: MigrationType; readonly network: string | null };
  /** KiB/s by operation (`default`, `migration`, `clone`, `move`, `restore`). */
  readonly bwlimitKiBps: Readonly<Record<string, number>>;
}
