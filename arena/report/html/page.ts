/**
 * The report as one HTML file: no network, no script, the same bytes for the same records.
 *
 * Its own Content-Security-Policy allows its one style sheet, by hash, and nothing else.
 *
 * @module
 */

import { createHash } from 'node:crypto';

import type { ResultRecord } from '../../results/records.ts';
import { type Report, type ReportOptions, reportOf } from '../model.ts';
import { headLines } from '../outline.ts';
import { escaped, html, type Markup } from './markup.ts';
import { configSection, rebuildSection, targetSection, trustSection } from './grounds.ts';
import type { Drawer, Section } from './section.ts';
import {
  glance,
  historySection,
  scenarioSection,
  scoreSection,
  staircaseSection,
  tierSection,
} from './sections.ts';
import { styleSheet } from './style.ts';
import { StyleClasses } from './svg.ts';

/** Throws when there is no `run` record, or a histogram can't be read. */
export function htmlReport(records: readonly ResultRecord[], options: ReportOptions = {}): string {
  const report = reportOf(records, options);
  const styles = new StyleClasses();
  const drawer: Drawer = {
    report,
    styles,
    colours: new Map(report.targets.map((target) => [target.target, target])),
  };
  const sections = [
    glance(drawer),
    ...report.tiers.map((tier) => tierSection(tier, drawer)),
    staircaseSection(drawer),
    scenarioSection(drawer),
    scoreSection(drawer),
    historySection(drawer),
    targetSection(drawer),
    trustSection(drawer),
    configSection(drawer),
    rebuildSection(drawer),
  ].filter((section) => section !== null);
  const body = html`${header(report, sections)}
<main id="main">
${sections.map(
  ({ id, content }) => html`<section id="section-${id}">
${content}
</section>`,
)}
</main>
${footer(report)}`;
  return document(`Gateway Arena: ${report.run.id}`, styleSheet(styles.rules()), body);
}

function document(title: string, style: string, body: Markup): string {
  const hash = createHash('sha256').update(style).digest('base64');
  const policy = `default-src 'none'; style-src 'sha256-${hash}'; img-src data:; base-uri 'none'; form-action 'none'`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="stoa-arena report">
<link rel="icon" href="data:,">
<title>${escaped(title)}</title>
<style>${style}</style>
</head>
<body>
${body.html}
</body>
</html>
`;
}

function header(report: Report, sections: readonly Section[]): Markup {
  const { run, rounds, targets } = report;
  const measured = targets.filter(({ state }) => state === 'measured').length;
  const day = new Date(run.at).toISOString().slice(0, 16).replace('T', ' ');
  return html`<a class="skip" href="#main">Skip to the results</a>
<header class="top">
<p class="eyebrow">Gateway Arena</p>
<h1>API gateways on identical work</h1>
<p class="lede">${measured} of ${targets.length} targets measured in ${rounds} rounds on ${day} UTC. The same upstream, the same bytes, the same core; every number with its spread.</p>
<dl class="facts">
${headLines(report).map(({ name, value }) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}
</dl>
<nav aria-label="Contents"><ul>
${sections.map(({ id, name }) => html`<li><a href="#section-${id}">${name}</a></li>`)}
</ul></nav>
</header>`;
}

function footer({ run }: Report): Markup {
  return html`<footer>
<p>Made by <code>stoa-arena report</code> from run ${run.id}. [a, b] is the 95 % bootstrap interval of the median of rounds. † marks numbers that may be the load generator’s.</p>
</footer>`;
}
