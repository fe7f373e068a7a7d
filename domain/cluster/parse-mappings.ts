import type { NodeName } from '../ids.js';

/** A device or directory under one name for the whole cluster, and the nodes that have it. */
export interface ResourceMapping {
  readonly id: string;
  readonly nodes: readonly NodeName[];
}

/**
 * PVE's `mapping/{pci,usb,directory}.cfg`: a line with the name, then `map node=…,…` lines, indented (PVE::Mapping::Base). What is no such
 * line says nothing about where the device is, and is passed over.
 */
export function parseMappings(text: string): readonly ResourceMapping[] {
  const found = new Map<string, Set<NodeName>>();
  let nodes = new Set<NodeName>();
  for (const line of text.split('\n')) {
    const name = /^([^\s#]\S*)\s*$/.exec(line)?.[1];
    if (name !== undefined) found.set(name, nodes = found.get(name) ?? new Set());
    const node = /^\s+map\s+(?:.*,)?node=([^,\s]+)/.exec(line)?.[1];
    if (node !== undefined) nodes.add(node);
  }
  return [...found].map(([id, where]) => ({ id, nodes: [...where] }));
}
