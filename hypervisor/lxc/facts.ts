import { stat } from 'node:fs/promises';
import type { ContainerFacts, CtVolumeFacts } from '../../domain/contracts/ct-facts.js';
import { MigrationError, messageOf } from '../../domain/errors.js';
import type { CtConfig } from '../../domain/guest/ct-config.js';
import type { Volid } from '../../domain/ids.js';
import { run } from '../exec.js';
import type { CtVolume } from '../storage/ct-volume.js';
import type { LxcPaths } from './paths.js';
import { containerState } from './process/state.js';

/** Counting the files of a large directory takes as long as walking it. */
const COUNT_TIMEOUT_MS = 60_000;

export interface ContainerFactsInput {
  readonly ct: CtConfig;
  readonly paths: LxcPaths;
  readonly resolve: (volid: Volid) => CtVolume;
}

/** The container as it is on this node, with the volumes that are its own: mounted ones and unused ones. */
export async function containerFacts({ ct, paths, resolve }: ContainerFactsInput): Promise<ContainerFacts> {
  const mounted = [...(ct.rootfs === null ? [] : [ct.rootfs]), ...ct.mountPoints].flatMap(({ name, volid, sizeBytes }) => (volid === null ? [] : [{ name, volid, sizeBytes }]));
  const unused = ct.unused.map(({ key, volid }) => ({ name: key, volid, sizeBytes: null }));
  const [state, ...looked] = await Promise.all([containerState(ct.vmid, paths), ...[...mounted, ...unused].map((volume) => look(volume, resolve))]);
  return {
    ...state,
    volumes: looked.flatMap((one) => (typeof one === 'string' ? [] : [one])),
    problems: looked.flatMap((one) => (typeof one === 'string' ? [one] : [])),
  };
}

/** The facts, or why there are none. */
async function look({ name, volid, sizeBytes }: { readonly name: string; readonly volid: Volid; readonly sizeBytes: number | null }, resolve: (volid: Volid) => CtVolume): Promise<CtVolumeFacts | string> {
  try {
    const { path, kind, storage } = resolve(volid);
    const found = await stat(path);
    if (kind === 'raw') return { mount: name, volid, storage, path, kind, sizeBytes: found.size, usedBytes: found.blocks * 512 };
    if (!found.isDirectory()) throw new MigrationError('StorageUnavailable', `${path} is no directory`);
    return { mount: name, volid, storage, path, kind, sizeBytes, usedBytes: await usedBytes(path) };
  } catch (error) {
    return `look at volume failed: ${name}: ${volid}: ${messageOf(error)}`;
  }
}

/** A running container makes and removes files meanwhile: what du could not look at any more does not count. */
async function usedBytes(path: string): Promise<number | null> {
  const { stdout, timedOut } = await run('du', ['-s', '-x', '-B1', '--', path], { timeoutMs: COUNT_TIMEOUT_MS });
  const counted = /^(\d+)\s/.exec(stdout)?.[1];
  return timedOut || counted === undefined ? null : Number(counted);
}
