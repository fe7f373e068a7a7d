/** Foreign text (an error, an operator's reason) as one line of plain words inside markdown. */
export function plainMarkdown(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/[\\`*_[\]|~#]/g, '\\$&');
}

/** At most `maxBytes` of UTF-8, whole characters, with an ellipsis where something is missing. */
export function cutTo(text: string, maxBytes: number): string {
  if (bytesOf(text) <= maxBytes) return text;
  let kept = '';
  let size = bytesOf('…');
  for (const character of text) {
    size += bytesOf(character);
    if (size > maxBytes) break;
    kept += character;
  }
  return `${kept}…`;
}

/** Counted by hand: workflow code has no TextEncoder it could rely on. */
function bytesOf(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0;
    bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  }
  return bytes;
}
