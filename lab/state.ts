import { readFile } from 'node:fs/promises';
import writeFileAtomic from 'write-file-atomic';
import { z } from 'zod';
import { EXIT, LabError } from './errors.js';
import type { Layout } from './layout.js';

const cgroupHierarchy = z.object({
  mountedAt: z.string(),
  type: z.enum(['cgroup', 'cgroup2']),
  options: z.string(),
  /** The lab's own cgroup in this hierarchy. */
  path: z.string(),
});
const schema = z.object({
  version: z.literal(1),
  dir: z.string(),
  id: z.string(),
  /** `starting` is what is left when `up` was killed: `down` clears it away. */
  phase: z.enum(['starting', 'up']),
  nodes: z.array(z.string()),
  /** false: node agents and the control worker are not started. */
  agents: z.boolean(),
  cgroups: z.array(cgroupHierarchy),
  temporal: z.object({ address: z.string(), uiAddress: z.string().nullable(), own: z.boolean() }).nullable(),
});

export type CgroupHierarchy = Readonly<z.infer<typeof cgroupHierarchy>>;
/** What a lab remembers of itself: `<dir>/lab.json`. Written before anything is made, so that whatever is made can be found. */
export type LabState = Readonly<z.infer<typeof schema>>;

/** null: there is no lab in this directory. */
export async function readState(layout: Layout): Promise<LabState | null> {
  let text: string;
  try {
    text = await readFile(layout.stateFile, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  const parsed = schema.safeParse(JSON.parse(text));
  if (!parsed.success) throw new LabError(`lab state cannot be read: ${layout.stateFile}: ${parsed.error.message}`);
  return parsed.data;
}

/** Throws `LabError` (exit 4) when there is no lab here. */
export async function requireState(layout: Layout): Promise<LabState> {
  const state = await readState(layout);
  if (state?.phase !== 'up') throw new LabError(`no lab is up in ${layout.dir}: run \`ferry-lab up\` first`, EXIT.notThere);
  return state;
}

export async function writeState(layout: Layout, state: LabState): Promise<void> {
  await writeFileAtomic(layout.stateFile, `${JSON.stringify(state, null, 2)}\n`);
}
