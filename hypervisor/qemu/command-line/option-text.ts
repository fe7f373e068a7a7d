/** In QEMU's option strings a comma is written twice. */
export const quoteComma = (text: string): string => text.replaceAll(',', ',,');

/** `on`, `1`, `yes`, `true`: PVE's booleans. */
export const isOn = (value: string | undefined): boolean => value !== undefined && ['1', 'on', 'yes', 'true'].includes(value.toLowerCase());

/** PVE's property string: `[<first>=]value,key=value,…`. */
export function parseProperties(text: string, firstKey: string): Readonly<Record<string, string>> {
  const entries = text.split(',').filter((part) => part !== '').map((part): [string, string] => {
    const cut = part.indexOf('=');
    return cut < 0 ? [firstKey, part] : [part.slice(0, cut), part.slice(cut + 1)];
  });
  return Object.fromEntries(entries);
}
