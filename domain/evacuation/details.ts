import type { EvacuatedGuest, EvacuationProgress, GuestState } from '../contracts/evacuation-progress.js';
import { cutTo, plainMarkdown } from '../progress/markdown.js';
import { renderDuration } from '../units.js';

/** As for a migration: the UI puts the text into a URL. */
const MAX_BYTES = 2000;
const MOST_ROWS = 12;
/** Whoever looks wants to see these first. */
const ORDER: readonly GuestState[] = ['failed', 'retrying', 'moving', 'checking', 'stays', 'waiting', 'skipped', 'moved', 'gone'];

/** The "Current Details" of an evacuation in the Temporal UI: where it is, a table of its guests, what can be done now. */
export function renderEvacuationDetails(progress: EvacuationProgress): string {
  const { node, direction, phase, detail, guests, etaMs, actions } = progress;
  const last = actions.at(-1);
  const rows = [...guests].sort((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state)).slice(0, MOST_ROWS).map(rowOf);
  const lines = [
    `### ${direction === 'away' ? 'Evacuation of' : 'Coming home to'} ${node}: ${phase}`, '',
    ...(detail === '' ? [] : [text(detail, 400), '']),
    `**${countGuests(guests)}**${etaMs === null ? '' : `, about ${renderDuration(etaMs)} to go`}`, '',
    ...(last === undefined ? [] : [`Last said: ${text(`${last.what} (${last.by}, ${last.at})`, 200)}`, '']),
    ...(rows.length === 0 ? [] : ['| guest&emsp; | state&emsp; | to&emsp; | |', '| :-- | :-- | :-- | :-- |', ...rows]),
    ...(guests.length > MOST_ROWS ? ['', `and ${guests.length - MOST_ROWS} more: query \`evacuation\``] : []),
  ];
  return cutTo(lines.join('\n'), MAX_BYTES);
}

/** `7 of 12 moved, 2 moving, 1 stays`. */
export function countGuests(guests: readonly EvacuatedGuest[]): string {
  const count = (state: GuestState): number => guests.filter((guest) => guest.state === state).length;
  const others = ORDER.filter((state) => state !== 'moved' && count(state) > 0).map((state) => `${count(state)} ${state}`);
  return [`${count('moved')} of ${guests.length} moved`, ...others].join(', ');
}

const rowOf = ({ vmid, name, state, to, reason, unhealthy }: EvacuatedGuest): string =>
  `| ${vmid} ${text(name, 24)}&emsp; | ${unhealthy === undefined ? state : 'unhealthy'}&emsp; | ${to ?? '-'}&emsp; | ${text(unhealthy ?? reason, 80)} |`;

const text = (value: string, most: number): string => plainMarkdown(cutTo(value, most));
