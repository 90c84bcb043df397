/**
 * The sections of the page that show results, each with an anchor, a heading and what it shows.
 *
 * @module
 */

import { bytes, figure, interval, loadTitle } from '../format.ts';
import { capabilityGrid, historyGrid, scenarioGrid, staircaseGrid } from '../grids.ts';
import type { TierSection } from '../model.ts';
import { scoreGrid } from '../score-grid.ts';
import { cellId } from '../series.ts';
import { isMeasured, type Table } from '../table-model.ts';
import { tierGrids } from '../tier-grids.ts';
import {
  costFigure,
  curveFigure,
  historyFigure,
  legend,
  stairsFigure,
  stepFigure,
} from './figures.ts';
import { html, type Markup, NOTHING } from './markup.ts';
import { pairsTable } from './pairs.ts';
import type { Drawer, Section } from './section.ts';
import { type Colours, tableOf } from './table.ts';

export function glance({ report, colours }: Drawer): Section {
  const met = report.checklist.filter((check) => check.met === 'yes').length;
  return {
    id: 'glance',
    name: 'At a glance',
    content: html`<h2>At a glance</h2>
<p>What each target does, and what a request costs it there: microseconds of CPU of its whole process tree, median of rounds, with the 95 % interval. There is no single score; each table ranks by CPU per request alone, and a rank such as 2–3 is a tie.</p>
<p class="tally">${met} of ${report.checklist.length} marks of a benchmark worth believing are met: <a href="#section-trust">see which are not</a>.</p>
${tableOf(capabilityGrid(report), colours)}`,
  };
}

export function tierSection(section: TierSection, drawer: Drawer): Section {
  const { colours, styles } = drawer;
  const grids = tierGrids(section);
  const tables = section.tables.map((table, at) => ({ table, grid: grids[at] }));
  const [main, ...others] = tables;
  const curves = section.tables.filter(
    ({ cell }) => cell.load.mode !== 'closed' && cell.bodyBytes === main?.table.cell.bodyBytes,
  );
  const shown = drawer.report.targets.filter(({ target }) =>
    curves.some(({ rows }) => rows.some((row) => isMeasured(row) && row.target.target === target)),
  );
  return {
    id: `tier-${section.tier}`,
    name: section.tier,
    content: html`<p class="eyebrow">Tier ${section.tier}</p>
<h2>${capitalised(section.title)}</h2>
${
  main === undefined
    ? html`<p>Nobody was measured in it.</p>`
    : html`<p>${finding(main.table)}</p>
${costFigure(main.table, styles)}
${main.grid === undefined ? NOTHING : tableOf(main.grid, colours)}
${pairsTable(main.table, colours)}`
}
${
  curves.length === 0
    ? NOTHING
    : html`<h3>Latency</h3>
${legend(shown)}
<div class="pair">${curves.map((table) => curveFigure(table, drawer.report, styles))}</div>`
}
${others.map(({ table, grid }) => foldedTable(table, grid, colours))}`,
  };
}

function foldedTable(
  table: Table,
  grid: ReturnType<typeof tierGrids>[number] | undefined,
  colours: Colours,
): Markup {
  if (grid === undefined) return NOTHING;
  const { bodyBytes, load } = table.cell;
  return html`<details><summary>${bytes(bodyBytes)} body, ${loadTitle(load)}</summary>
${tableOf(grid, colours)}
</details>`;
}

/** In words what the first table says: who is cheapest, who can't be told from it, who is last. */
function finding(table: Table): string {
  const priced = table.rows.filter(isMeasured).filter(({ cpuUs }) => cpuUs !== null);
  const [first] = priced;
  const last = priced.at(-1);
  const about = `${bytes(table.cell.bodyBytes)} body, ${loadTitle(table.cell.load)}`;
  if (first?.cpuUs == null || last?.cpuUs == null) return `With ${about}, no cost is known.`;
  const cost = ({ median, low, high }: typeof first.cpuUs): string =>
    `${figure(median)} µs ${interval({ low, high })}`;
  if (first === last)
    return `With ${about}, only ${first.target.title} has a known cost: ${cost(first.cpuUs)}.`;
  const ties = first.rank?.tiedWith ?? [];
  const titles = priced
    .filter(({ target }) => ties.includes(target.target))
    .map(({ target }) => target.title);
  const tie = titles.length === 0 ? '' : `, which can’t be told from ${titles.join(', ')}`;
  return `With ${about}: least CPU per request ${first.target.title}, ${cost(first.cpuUs)}${tie}; most ${last.target.title}, ${cost(last.cpuUs)}.`;
}

export function staircaseSection({ report, colours, styles }: Drawer): Section | null {
  const [main, ...others] = report.staircases;
  if (main === undefined) return null;
  const tiers = report.tiers
    .map(({ tier }) => tier)
    .filter((tier) => main.rows.some(({ steps }) => steps.some((step) => step.tier === tier)));
  return {
    id: 'features',
    name: 'Cost of features',
    content: html`<h2>What features cost</h2>
<p>The same body and load from tier to tier (${bytes(main.bodyBytes)} body, ${loadTitle(main.load)}). What a tier adds is taken within a round, so that a slow round is no cost of a feature.</p>
${legend(main.rows.map(({ target }) => target))}
${stairsFigure(main, tiers, styles)}
<div class="pair">${tiers.map((tier) => stepFigure(main, tier, styles))}</div>
${tableOf(staircaseGrid(main, report), colours)}
${others.map(
  (one) => html`<details><summary>${bytes(one.bodyBytes)} body, ${loadTitle(one.load)}</summary>
${tableOf(staircaseGrid(one, report), colours)}
</details>`,
)}`,
  };
}

export function scenarioSection({ report, colours }: Drawer): Section | null {
  if (report.scenarios.length === 0) return null;
  return {
    id: 'scenarios',
    name: 'Scenarios',
    content: html`<h2>Scenarios</h2>
<p>What is no plain load: new connections, streams, slow clients, a reload, an upstream that dies. Figures are medians of rounds; latency is merged by counts.</p>
${report.scenarios.map((table) => tableOf(scenarioGrid(table), colours))}`,
  };
}

export function scoreSection({ report, colours }: Drawer): Section | null {
  if (report.scores.length === 0) return null;
  return {
    id: 'l0',
    name: 'L0 score',
    content: html`<h2>The original L0 score</h2>
<p>Kept for those who compare with it, with its defects corrected; see <code>docs/arena-score.md</code>. On a fast network every healthy gateway is near 100, which is why nothing here is ranked by it.</p>
${tableOf(scoreGrid(report.scores), colours)}`,
  };
}

export function historySection({ report, colours, styles }: Drawer): Section | null {
  const cells = new Map(report.history.map(({ cell }) => [cellId(cell), cell]));
  if (cells.size === 0) return null;
  const grid = historyGrid(report);
  const targets = report.targets.filter(({ target }) =>
    report.history.some((series) => series.target.target === target),
  );
  return {
    id: 'history',
    name: 'History',
    content: html`<h2>History</h2>
<p>Runs on this machine only. Changes are found by divisive splitting with energy statistics and t-tests; they report, and judge nothing.</p>
${legend(targets)}
${[...cells.values()].map((cell) => {
  const title = report.tiers.find(({ tier }) => tier === cell.tier)?.title ?? cell.tier;
  return historyFigure(cell, capitalised(title), report, styles);
})}
${grid === null ? html`<p>No lasting change was found.</p>` : tableOf(grid, colours)}`,
  };
}

function capitalised(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}
