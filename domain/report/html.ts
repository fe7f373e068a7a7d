import { STYLE } from './style.js';

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

export interface Page {
  readonly title: string;
  /** Class of the heading: colours it by what became of the matter. */
  readonly outcome: string;
  /** Label and value. */
  readonly facts: readonly (readonly [string, string])[];
  /** Trusted HTML already. */
  readonly sections: readonly string[];
}

/** A whole page that loads nothing. */
export function htmlPage({ title, outcome, facts, sections }: Page): string {
  const sentence = escapeHtml(title);
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${sentence}</title><style>${STYLE}</style></head>`,
    `<body><h1 class="${escapeHtml(outcome)}">${sentence}</h1>${htmlTable([], facts)}`,
    ...sections,
    '</body></html>',
  ].join('\n');
}
