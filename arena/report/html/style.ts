/**
 * The report's one style sheet: light and dark, from 320 pixels up, and on paper.
 *
 * @module
 */

import { colourRules, DARK, LIGHT, variables } from './colours.ts';

const BASE = `
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;scroll-behavior:smooth}
body{margin:0;background:var(--page);color:var(--ink);
 font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,"Noto Sans","DejaVu Sans",sans-serif}
main,header.top,footer{max-width:1240px;margin:0 auto;padding:0 16px}
h1{font-size:clamp(1.75rem,5vw,2.5rem);line-height:1.15;letter-spacing:-.02em;margin:0 0 .3em;font-weight:700}
h2{font-size:1.5rem;line-height:1.25;letter-spacing:-.01em;margin:0 0 .4em;font-weight:650}
h3{font-size:1.05rem;line-height:1.35;margin:1.8em 0 .5em;font-weight:650}
p{margin:.5em 0;max-width:72ch}
a{color:var(--accent);text-underline-offset:.15em}
a:focus-visible,summary:focus-visible,.scroll:focus-visible{outline:2px solid var(--accent);outline-offset:2px;border-radius:4px}
.eyebrow{margin:0 0 .6em;color:var(--muted);font-size:.8125rem;letter-spacing:.08em;text-transform:uppercase;font-weight:600}
.lede{font-size:1.0625rem;color:var(--muted)}
header.top{padding-top:48px;padding-bottom:8px}
section{margin:56px 0;scroll-margin-top:16px}
nav ul{list-style:none;display:flex;flex-wrap:wrap;gap:4px 18px;margin:20px 0 0;padding:14px 0;border-block:1px solid var(--line);font-size:.9375rem}
nav a{text-decoration:none;display:inline-block;padding:4px 0}
nav a:hover{text-decoration:underline}
dl.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,300px),1fr));gap:14px 32px;margin:24px 0 0}
dl.facts div{min-width:0}
dt{color:var(--muted);font-size:.8125rem;font-weight:600}
dd{margin:0;font-size:.9375rem;overflow-wrap:anywhere}
code,pre{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.84em}
pre{margin:8px 0 0;padding:14px 16px;background:var(--panel);border:1px solid var(--line);border-radius:8px;overflow-x:auto;line-height:1.5}
.scroll{overflow-x:auto;background:var(--panel);border:1px solid var(--line);border-radius:10px;margin:14px 0 6px}
table{border-collapse:collapse;width:100%;font-size:.8125rem;font-variant-numeric:tabular-nums lining-nums}
th:first-child,td:first-child{padding-left:14px}
th:last-child,td:last-child{padding-right:14px}
caption{text-align:left;padding:12px 14px 8px;font-weight:650;font-size:.9375rem}
th,td{padding:7px 6px;text-align:left;vertical-align:top;border-top:1px solid var(--line)}
thead th{border-top:0;color:var(--muted);font-weight:600;font-size:.8125rem;vertical-align:bottom;white-space:nowrap}
thead .unit{display:block;font-weight:400}
.n{text-align:right;white-space:nowrap}
caption span{position:sticky;left:14px;display:inline-block;max-width:min(100%,calc(100vw - 64px))}
tbody th{font-weight:600;white-space:nowrap;position:sticky;left:0;background:var(--panel)}
details tbody th{background:var(--page)}
.iv{display:block;color:var(--muted);font-size:.75rem}
.why{color:var(--muted)}
.why span{display:block;max-width:68ch;min-width:26ch}
.t-muted{color:var(--muted)}
.t-good{color:var(--good);font-weight:600}
.t-bad{color:var(--bad);font-weight:600}
td.text{min-width:13ch}
.swatch{display:inline-block;width:.7em;height:.7em;border-radius:2px;background:var(--own,transparent);margin-right:.55em;vertical-align:baseline}
.notes{margin:6px 2px 0;padding:0;list-style:none;color:var(--muted);font-size:.8125rem}
.notes li{margin:.25em 0;overflow-wrap:anywhere}
.legend{display:flex;flex-wrap:wrap;gap:4px 18px;list-style:none;margin:10px 0;padding:0;font-size:.875rem}
.legend svg{width:30px;height:12px;margin-right:7px;vertical-align:-1px}
figure{margin:14px 0;padding:14px 16px 10px;background:var(--panel);border:1px solid var(--line);border-radius:10px;min-width:0}
figcaption{font-size:.9375rem;font-weight:650;margin-bottom:8px}
figcaption .sub{display:block;font-weight:400;color:var(--muted);font-size:.8125rem}
.pair{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,440px),1fr));gap:0 16px}
.chart{display:block;width:100%;height:auto;max-width:100%}
.narrow{display:none}
@media (max-width:700px){.narrow{display:block}.wide{display:none}}
details{margin:12px 0;border:1px solid var(--line);border-radius:10px;background:var(--panel);padding:0 16px}
summary{cursor:pointer;padding:11px 0;font-weight:600;font-size:.9375rem;overflow-wrap:anywhere}
details[open]>:last-child{margin-bottom:14px}
details .scroll,details figure{background:var(--page)}
.hash{color:var(--muted);font-weight:400;font-size:.8125rem;overflow-wrap:anywhere}
.tally{font-size:.9375rem}
footer{margin-top:64px;padding-top:20px;padding-bottom:48px;border-top:1px solid var(--line);color:var(--muted);font-size:.875rem}
.skip{position:absolute;left:-999px}
.skip:focus{left:16px;top:8px;background:var(--panel);padding:6px 12px;z-index:9}
@media print{nav,.skip{display:none}section{break-inside:auto}.scroll{overflow:visible}details{break-inside:avoid}}
`;

/** `more`: rules of what was drawn. */
export function styleSheet(more: string): string {
  return [
    `:root{color-scheme:light dark;${variables(LIGHT)}}`,
    `@media (prefers-color-scheme:dark){:root{${variables(DARK)}}}`,
    BASE.trim(),
    colourRules(),
    more,
  ].join('\n');
}
