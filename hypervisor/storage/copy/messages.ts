import { z } from 'zod';
import { FERRY_SNAPSHOT } from '../btrfs/ferry-snapshots.js';
import { CHUNK_SIZES } from './blocks/geometry.js';

const Session = z.string().regex(/^[0-9a-f]{32}$/);
const Uuid = z.string().regex(/^[0-9a-f-]{36}$/);
const Volume = z.string().min(1).max(512);

/** Source → target, the first message of a connection: what it is for. Never a path: the target looks the volume up itself. */
export const Opening = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('blocks'), volume: Volume, sizeBytes: z.int().nonnegative(), chunkBytes: z.literal([...CHUNK_SIZES]), hashKey: z.string().regex(/^[0-9a-f]{32}$/) }),
  z.strictObject({ kind: z.literal('blocks-data'), session: Session }),
  z.strictObject({ kind: z.literal('tree'), volume: Volume, pass: z.enum(['presync', 'final']), args: z.array(z.string().max(256)).max(32) }),
  /** `paths`: only these, relative to the tree. `snapshot`: what was received under this name, beside the volume. */
  z.strictObject({ kind: z.literal('tree-verify'), volume: Volume, paths: z.array(z.string().max(4096)).max(1000).exactOptional(), snapshot: z.string().regex(FERRY_SNAPSHOT).exactOptional() }),
  z.strictObject({ kind: z.literal('btrfs'), volume: Volume, pass: z.enum(['presync', 'final']), snapshot: z.string().regex(FERRY_SNAPSHOT), uuid: Uuid, parents: z.array(Uuid).max(1000) }),
  z.strictObject({ kind: z.literal('convert'), volume: Volume, format: z.enum(['raw', 'qcow2']), sizeBytes: z.int().nonnegative() }),
  z.strictObject({ kind: z.literal('nbd'), session: Session }),
]);
export type Opening = z.infer<typeof Opening>;
export type OpeningOf<K extends Opening['kind']> = Extract<Opening, { kind: K }>;

export const SessionMessage = z.strictObject({ kind: z.literal('session'), session: Session });

/** Source → target on the control connection of a block copy. A range is the first chunk and how many. */
export const BlocksRequest = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('punch'), ranges: z.array(z.tuple([z.int().nonnegative(), z.int().positive()])).max(1000) }),
  z.strictObject({ kind: z.literal('verify') }),
]);
export const Punched = z.strictObject({ kind: z.literal('punched') });
/** `digest`: over the digests of what was just read from the target's disk. */
export const Verified = z.strictObject({ kind: z.literal('verified'), digest: z.string().regex(/^[0-9a-f]{64}$/), syncMs: z.number() });

/** The target is ready for the stream. */
export const Go = z.strictObject({ kind: z.literal('go') });
export const TreeDone = z.strictObject({ kind: z.literal('tree-done'), exitCode: z.int().nullable(), syncMs: z.number(), stderr: z.string() });
export const TreeHashed = z.strictObject({ kind: z.literal('tree-hashed'), digest: z.string().regex(/^[0-9a-f]{64}$/), withXattrs: z.boolean() });

/** `parent`: the latest of the source's snapshots that the target has received; null: send all of it. */
export const BtrfsGo = z.strictObject({ kind: z.literal('btrfs-go'), parent: Uuid.nullable() });
export const BtrfsDone = z.strictObject({ kind: z.literal('btrfs-done'), syncMs: z.number() });

/** Source → target: nothing more will be written or read. */
export const ConvertFinish = z.strictObject({ kind: z.literal('convert-finish') });
export const ConvertDone = z.strictObject({ kind: z.literal('convert-done'), syncMs: z.number() });
