import { parseBoolean, parsePropertyString } from '../../../domain/guest/property-string.js';

/** In QEMU's option strings a comma is written twice. */
export const quoteComma = (text: string): string => text.replaceAll(',', ',,');

/** One of PVE's booleans, and true. */
export const isOn = (value: string | undefined): boolean => value !== undefined && parseBoolean(value) === true;

/** A property string whose problems were reported when the config was checked. */
export const parseProperties = (text: string, firstKey: string): Readonly<Record<string, string>> => parsePropertyString(text, firstKey).properties;
