/** The report page's style sheet: follows the reader's light or dark setting, loads nothing. */
export const STYLE = `
:root { color-scheme: light dark; --text: #1d2430; --soft: #5b6675; --page: #ffffff; --rule: #d5dbe3; --c0: #2f6fb5; --c1: #3c8f5f; --c2: #8a5fb8; --c3: #c07a1e; --c4: #b5455d; --c5: #3f8f9b; }
@media (prefers-color-scheme: dark) { :root { --text: #e3e8ef; --soft: #9aa6b5; --page: #14181f; --rule: #333c48; --c0: #6ea8e6; --c1: #74c596; --c2: #bb97e3; --c3: #e5ab5c; --c4: #e58a9c; --c5: #7cc6d1; } }
body { margin: 2rem auto; max-width: 62rem; padding: 0 1rem; background: var(--page); color: var(--text); font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.35rem; } h2 { font-size: 1.05rem; margin: 2rem 0 .5rem; }
h1.migrated { border-left: .4rem solid var(--c1); padding-left: .8rem; }
h1.rolled-back, h1.cancelled { border-left: .4rem solid var(--c3); padding-left: .8rem; }
h1.refused { border-left: .4rem solid var(--c4); padding-left: .8rem; }
table { border-collapse: collapse; } th, td { text-align: left; vertical-align: top; padding: .2rem 1rem .2rem 0; border-bottom: 1px solid var(--rule); font-variant-numeric: tabular-nums; }
.wide { overflow-x: auto; } .remedy { color: var(--soft); } code { font-size: .85em; color: var(--soft); }
svg { width: 100%; height: auto; font-size: 13px; fill: var(--text); } .figure { fill: var(--soft); } .axis { stroke: var(--rule); }
.s0 { fill: var(--c0); } .s1 { fill: var(--c1); } .s2 { fill: var(--c2); } .s3 { fill: var(--c3); } .s4 { fill: var(--c4); } .s5 { fill: var(--c5); }
.away { fill: var(--c4); } .bar { fill: var(--rule); }
.line { fill: none; stroke-width: 2; } .line.remaining { stroke: var(--c0); } .line.copied { stroke: var(--c1); } .line.dirtied { stroke: var(--c3); }
text.remaining { fill: var(--c0); } text.copied { fill: var(--c1); } text.dirtied { fill: var(--c3); }
.mark { fill: var(--c0); } .mark.raise-downtime-limit, .mark.set-bandwidth { fill: var(--c3); } .mark.abort { fill: var(--c4); }
`;
