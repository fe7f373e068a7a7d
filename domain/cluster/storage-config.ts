/** One section of `storage.cfg`. */
export interface StorageConfig {
  readonly id: string;
  readonly type: string;
  readonly path: string | null;
  readonly content: readonly string[];
  /** null: all nodes. */
  readonly nodes: readonly string[] | null;
  readonly shared: boolean;
  readonly disabled: boolean;
  readonly bwlimitKiBps: Readonly<Record<string, number>>;
  readonly values: Readonly<Record<string, string>>;
}
