import { IANAZone } from 'luxon';
import { MigrationError } from '../errors.js';

export interface WallTime {
  readonly hour: number;
  readonly minute: number;
}

/** A stretch of every day by the wall clock of a time zone; one that ends before it begins reaches into the next day. */
export interface MaintenanceWindow {
  readonly opens: WallTime;
  readonly closes: WallTime;
  /** IANA name. */
  readonly zone: string;
}

/** Parses `22:00-05:00 Europe/Berlin`. Throws `InvalidInput`. */
export function parseWindow(text: string): MaintenanceWindow {
  const [, from, to, zone] = /^((?:[01]\d|2[0-3]):[0-5]\d)-((?:[01]\d|2[0-3]):[0-5]\d) (\S+)$/.exec(text.trim()) ?? [];
  if (from === undefined || to === undefined || zone === undefined) throw invalid(text, "expected a window such as '22:00-05:00 Europe/Berlin'");
  if (from === to) throw invalid(text, 'it opens and closes at the same time');
  if (!IANAZone.isValidZone(zone)) throw invalid(text, `there is no time zone '${zone}'`);
  return { opens: wallTime(from), closes: wallTime(to), zone };
}

function wallTime(text: string): WallTime {
  const [hour = 0, minute = 0] = text.split(':').map(Number);
  return { hour, minute };
}

const invalid = (text: string, cause: string): MigrationError => new MigrationError('InvalidInput', `read window failed: '${text}': ${cause}`);
