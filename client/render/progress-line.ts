import { renderProgressLine } from '../../domain/progress/details.js';
import type { ProgressView } from '../view.js';

/** One line of a log: what the nodes report in their own words, or the phase where nothing is counted. */
export function progressLine(view: ProgressView): string {
  const { phase } = view;
  const text = phase !== null && view.totalBytes > 0 ? renderProgressLine({ ...view, phase }) : [phase ?? 'starting', view.detail].filter((part) => part !== '').join(': ');
  return view.waitingFor === null ? text : `${text}; waiting for ${view.waitingFor}`;
}
