import { renderReportHtml } from '../../../domain/report/render-html.js';
import { refused, report } from './report.js';

describe('the report as a page', () => {
  test('shows phases, rounds and blackout as pictures', () => {
    const html = renderReportHtml(report());
    expect(html).toMatch(/^<!doctype html>/);
    expect(html.match(/<svg /g)).toHaveLength(3);
    expect(html).toContain('<title>diskSync: 6.0 s</title>');
    expect(html).toContain('round 3, raise-downtime-limit: round 3 did not shrink');
    expect(html).not.toMatch(/NaN|undefined|null/);
  });

  test('needs nothing from elsewhere', () => {
    expect(renderReportHtml(report())).not.toMatch(/<script|<link|<img|src=|url\(|https?:/);
  });

  test('every tag is closed in its order', () => {
    const open: string[] = [];
    const html = renderReportHtml(report({ incidents: ['a'], warnings: ['b'] })).replace('<!doctype html>', '');
    for (const [, closing, name, rest] of html.matchAll(/<(\/?)([a-z0-9]+)([^>]*)>/g)) {
      if (closing === '/') expect(open.pop()).toBe(name);
      else if (!['meta', 'br'].includes(name ?? '') && !rest?.endsWith('/')) open.push(name ?? '');
    }
    expect(open).toEqual([]);
  });

  test('nothing that was written elsewhere can become markup', () => {
    const evil = `<script>alert("1")</script>&'`;
    const [first] = report().rounds;
    if (first === undefined) throw new Error('a round is needed');
    const html = renderReportHtml(
      refused({
        name: evil, source: evil, target: evil, reason: evil, requestedBy: evil, requestReason: evil, workflowId: evil, epoch: evil, network: evil, transport: evil,
        incidents: [evil], warnings: [evil], refusals: [{ code: evil, sentence: evil, remedy: evil }], rounds: [{ ...first, step: { action: 'abort', reason: evil } }],
      }),
    );
    expect(html).not.toContain('<script');
    expect(html).not.toContain('alert("1")');
    expect(html).toContain('&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;&#39;');
  });

  test('a refusal has no empty pictures', () => expect(renderReportHtml(refused())).not.toContain('<svg'));
});
