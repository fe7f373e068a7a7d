import { changesOf, type TreeChanges } from '../tree/changes.js';

/**
 * Reads along in a stream of `btrfs send -p` and notes what it changes, so that only that has to be read again on the target.
 * The format: linux/fs/btrfs/send.h, version 1 (what `btrfs send` sends unless it is told otherwise).
 */
export class StreamChanges {
  #rest: Buffer = Buffer.alloc(0);
  #begun = false;
  #understood = true;
  readonly #renamed: (readonly [string, string])[] = [];
  #touched = new Set<string>();
  #times = new Map<string, string>();

  feed(piece: Buffer): void {
    if (!this.#understood) return;
    const bytes = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    let at = 0;
    if (!this.#begun && bytes.length >= STREAM_HEAD_BYTES) {
      this.#understood = bytes.subarray(0, MAGIC.length).equals(MAGIC) && bytes.readUInt32LE(MAGIC.length) === 1;
      this.#begun = true;
      at = STREAM_HEAD_BYTES;
    }
    while (this.#begun && bytes.length - at >= COMMAND_HEAD_BYTES) {
      const next = at + COMMAND_HEAD_BYTES + bytes.readUInt32LE(at);
      if (next > bytes.length) break;
      this.#command(bytes.readUInt16LE(at + 4), bytes.subarray(at + COMMAND_HEAD_BYTES, next));
      at = next;
    }
    this.#rest = bytes.subarray(at);
  }

  /** null: there was something in it that is not known here, or a name that is no UTF-8. */
  result(): TreeChanges | null {
    if (!this.#understood || !this.#begun || this.#rest.length > 0) return null;
    const times = new Map([...this.#times].filter(([path]) => !this.#touched.has(path)));
    return { ...changesOf([...this.#touched]), renamed: this.#renamed, times };
  }

  #command(kind: number, body: Buffer): void {
    const of = attributes(body);
    const path = nameIn(of.get(ATTRIBUTE.path));
    if (WITHOUT_A_PATH.includes(kind)) return;
    if (path === null || kind > LAST_KNOWN) this.#understood = false;
    else if (kind === COMMAND.rename) this.#rename(path, nameIn(of.get(ATTRIBUTE.pathTo)));
    else if (kind === COMMAND.utimes) this.#times.set(path, timeIn(of.get(ATTRIBUTE.mtime)));
    else this.#touched.add(path);
  }

  /** What was noted under the old name is found under the new one. */
  #rename(from: string, to: string | null): void {
    if (to === null) {
      this.#understood = false;
      return;
    }
    const renamed = (path: string): string => (path === from || path.startsWith(`${from}/`) ? `${to}${path.slice(from.length)}` : path);
    this.#touched = new Set([...this.#touched, from].map(renamed));
    this.#times = new Map([...this.#times].map(([path, time]) => [renamed(path), time]));
    this.#renamed.push([from, to]);
  }
}

const MAGIC = Buffer.from('btrfs-stream\0', 'latin1');
const STREAM_HEAD_BYTES = MAGIC.length + 4;
/** Length of the body 4, command 2, CRC-32C 4. */
const COMMAND_HEAD_BYTES = 10;
const COMMAND = { subvol: 1, snapshot: 2, rename: 9, utimes: 20, end: 21 } as const;
const WITHOUT_A_PATH: readonly number[] = [COMMAND.subvol, COMMAND.snapshot, COMMAND.end];
const LAST_KNOWN = 22;
const ATTRIBUTE = { mtime: 10, path: 15, pathTo: 16 } as const;

/** Each: type 2, length 2, value. */
function attributes(body: Buffer): ReadonlyMap<number, Buffer> {
  const found = new Map<number, Buffer>();
  for (let at = 0; at + 4 <= body.length;) {
    const end = at + 4 + body.readUInt16LE(at + 2);
    found.set(body.readUInt16LE(at), body.subarray(at + 4, end));
    at = end;
  }
  return found;
}

/** The subvolume itself has an empty name in the stream. */
function nameIn(value: Buffer | undefined): string | null {
  const text = value?.toString('utf8');
  if (text === undefined || value === undefined || !Buffer.from(text).equals(value)) return null;
  return text === '' ? '.' : text;
}

const timeIn = (value: Buffer | undefined): string =>
  (value?.length === 12 ? String(value.readBigInt64LE(0) * 1_000_000_000n + BigInt(value.readUInt32LE(8))) : '');
