/** One `type: id` block of a PVE section config with its indented properties; a property without a value is `1`. */
export interface ConfigSection {
  readonly type: string;
  readonly id: string;
  readonly values: Readonly<Record<string, string>>;
}

/** Splits PVE's section config (`storage.cfg`). Lines that belong nowhere, and anything given twice, are problems. */
export function readSections(text: string): { readonly sections: readonly ConfigSection[]; readonly problems: readonly string[] } {
  const sections: { readonly type: string; readonly id: string; readonly values: Map<string, string> }[] = [];
  const problems: string[] = [];
  let open = false;
  for (const line of text.split('\n').map((raw) => raw.trimEnd()).filter((raw) => !/^\s*#/.test(raw))) {
    const [, type, id] = /^([^\s:]+):\s*(\S+)$/.exec(line) ?? [];
    const [, key, value] = /^\s+(\S+)(?:\s+(.*))?$/.exec(line) ?? [];
    const section = open ? sections.at(-1) : undefined;
    if (line === '') open = false;
    else if (type !== undefined && id !== undefined) {
      if (sections.some((known) => known.id === id)) problems.push(`${id} is given twice`);
      sections.push({ type, id, values: new Map() });
      open = true;
    } else if (key === undefined || section === undefined) problems.push(`unable to parse line: ${line.trim()}`);
    else if (section.values.has(key)) problems.push(`${section.id}: ${key} is given twice`);
    else section.values.set(key, value ?? '1');
  }
  return { sections: sections.map(({ type, id, values }) => ({ type, id, values: Object.fromEntries(values) })), problems };
}
