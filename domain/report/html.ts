/** Text that is safe inside HTML and SVG, in elements and in quoted attributes. Other characters can't end a tag. */
const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);

export function htmlTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = (tag: string, row: readonly string[]): string => `<tr>${row.map((cell) => `<${tag}>${escapeHtml(cell)}</${tag}>`).join('')}</tr>`;
  const head = header.length === 0 ? '' : `<thead>${cells('th', header)}</thead>`;
  return `<table>${head}<tbody>${rows.map((row) => cells('td', row)).join('')}</tbody></table>`;
}

/** `lines` are trusted HTML already. */
export const htmlList = (tag: 'ul' | 'ol', lines: readonly string[]): string =>
  lines.length === 0 ? '' : `<${tag}>${lines.map((line) => `<li>${line}</li>`).join('')}</${tag}>`;

export const htmlSection = (title: string, body: string): string => (body === '' ? '' : `<section><h2>${escapeHtml(title)}</h2>${body}</section>`);
