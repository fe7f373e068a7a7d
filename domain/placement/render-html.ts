import type { EvacuationPlan } from '../contracts/evacuation.js';
import { escapeHtml, htmlList, htmlPage, htmlSection, htmlTable } from '../report/html.js';
import { refusalHtml } from '../report/render-html.js';
import { linkCells, MOVE_COLUMNS, moveCells, NODE_TIMES, planFacts, planSentence, stayRefusal, useText } from './plan-cells.js';
import { nodesSvg, timelineSvg } from './plan-svg.js';

/** A plan as one page that needs nothing else: no script, no font, no link. Every text in it is escaped. */
export function renderPlanHtml(plan: EvacuationPlan): string {
  const { moves, nodes, links, stays, warnings } = plan;
  return htmlPage({
    title: planSentence(plan),
    outcome: stays.length === 0 ? 'migrated' : 'rolled-back',
    facts: planFacts(plan),
    sections: [
      htmlSection('Stays', htmlList('ol', stays.map((guest) => refusalHtml(stayRefusal(guest))))),
      htmlSection('When', timelineSvg(plan)),
      htmlSection('Moves', moves.length === 0 ? '' : `<div class="wide">${htmlTable([...MOVE_COLUMNS], moves.map(moveCells))}</div>`),
      htmlSection('Nodes', nodes.length === 0 ? '' : `${nodesSvg(nodes)}<div class="wide">${htmlTable(['Node', ...NODE_TIMES], nodes.map((node) => [node.node, ...NODE_TIMES.map((time) => useText(node, time))]))}</div>`),
      htmlSection('Links', links.length === 0 ? '' : htmlTable(['Link', 'Bytes', 'Busy'], links.map(linkCells))),
      htmlSection('Warnings', htmlList('ul', warnings.map(escapeHtml))),
    ],
  });
}
