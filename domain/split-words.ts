import { MigrationError } from './errors.js';

/** Splits a line into words as a POSIX shell would: quotes and backslashes, but nothing is expanded or run. */
export function splitWords(text: string): string[] {
  const words: string[] = [];
  let word: string | null = null;
  let quote: string | null = null;
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (quote === "'") {
      if (char === quote) quote = null;
      else word = (word ?? '') + char;
    } else if (char === '\\' && (quote === null || '"\\$`'.includes(text.charAt(at + 1)))) {
      at += 1;
      if (at >= text.length) throw invalid(text, 'ends with a backslash');
      word = (word ?? '') + text.charAt(at);
    } else if (char === quote) {
      quote = null;
    } else if (quote === null && (char === '"' || char === "'")) {
      quote = char;
      word ??= '';
    } else if (quote === null && /\s/.test(char)) {
      if (word !== null) words.push(word);
      word = null;
    } else {
      word = (word ?? '') + char;
    }
  }
  if (quote !== null) throw invalid(text, `a quote (${quote}) is not closed`);
  return word === null ? words : [...words, word];
}

const invalid = (args: string, cause: string): MigrationError => new MigrationError('InvalidInput', `split words failed: ${args}: ${cause}`, { args });
