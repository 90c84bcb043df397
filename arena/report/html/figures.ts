/**
 * Charts in the page: each drawn twice, for wide and for narrow screens, with a caption and a label.
 *
 * @module
 */

import { figure, loadTitle, signed } from '../format.ts';
import type { HistorySeries } from '../history.ts';
import type { Report } from '../model.ts';
import { type Cell, cellId } from '../series.ts';
import { BUILDS_ON, type Staircase } from '../staircase.ts';
import { isMeasured, type Table } from '../table-model.ts';
import type { TargetSummary } from '../targets.ts';
import { type Bar, barsOption, barsSize } from './bars.ts';
import { type Curve, curvesOption, historyOption, stairsOption } from './lines.ts';
import { colourClass, lookOf } from './colours.ts';
import { html, type Markup, NOTHING } from './markup.ts';
import { type ChartOption, drawn, type Size, type StyleClasses } from './svg.ts';

const NARROW_PX = 330;
const HALF_PX = 560;
const FULL_PX = 1170;

interface Caption {
  readonly title: string;
  readonly sub: string;
  /** What is seen, for those who don't see it. */
  readonly label: string;
}

interface Drawing {
  readonly id: string;
  readonly wide: Size;
  readonly narrow: Size;
  readonly option: (narrow: boolean) => ChartOption;
}

function figureOf({ title, sub, label }: Caption, drawing: Drawing, styles: StyleClasses): Markup {
  const draw = (narrow: boolean): Markup =>
    drawn(
      drawing.option(narrow),
      narrow ? drawing.narrow : drawing.wide,
      { id: `${drawing.id}-${narrow ? 'n' : 'w'}`, label },
      styles,
    );
  return html`<figure>
<figcaption>${title} <span class="sub">${sub}</span></figcaption>
<div class="wide">${draw(false)}</div>
<div class="narrow">${draw(true)}</div>
</figure>`;
}

/** CPU per request of every measured target whose cost is known. */
export function costFigure(table: Table, styles: StyleClasses): Markup {
  const bars: Bar[] = table.rows.flatMap((row) =>
    isMeasured(row) && row.cpuUs !== null ? [{ target: row.target, estimate: row.cpuUs }] : [],
  );
  if (bars.length === 0) return NOTHING;
  const found = bars.map(({ target, estimate }) => `${target.title} ${figure(estimate.median)}`);
  return figureOf(
    {
      title: 'CPU per request, µs',
      sub: `median and 95 % interval; shorter is cheaper; ${loadTitle(table.cell.load)}`,
      label: `Bars of CPU microseconds per request: ${found.join(', ')}.`,
    },
    {
      id: `cpu-${cellId(table.cell)}`,
      wide: barsSize(FULL_PX, bars.length),
      narrow: barsSize(NARROW_PX, bars.length),
      option: (narrow) => barsOption(bars, 'µs of CPU per request', narrow),
    },
    styles,
  );
}

/** Latency by quantile of every measured target. */
export function curveFigure(table: Table, report: Report, styles: StyleClasses): Markup {
  const curves: Curve[] = table.rows.flatMap((row) =>
    isMeasured(row) ? [{ target: row.target, points: row.curve }] : [],
  );
  if (curves.length === 0) return NOTHING;
  const since = report.run.driver.name === 'native' ? 'due' : 'sent';
  const found = table.rows
    .filter(isMeasured)
    .map(({ target, latency }) => `${target.title} ${figure(latency.p99Us / 1000)}`);
  return figureOf(
    {
      title: 'Latency by quantile, ms',
      sub: `${loadTitle(table.cell.load)}; from the moment a request was ${since}; lower is faster`,
      label: `Lines of latency by quantile. Milliseconds at p99: ${found.join(', ')}.`,
    },
    {
      id: `latency-${cellId(table.cell)}`,
      wide: { width: HALF_PX, height: 320 },
      narrow: { width: NARROW_PX, height: 270 },
      option: () => curvesOption(curves),
    },
    styles,
  );
}

/** CPU per request from tier to tier. */
export function stairsFigure(
  staircase: Staircase,
  tiers: readonly string[],
  styles: StyleClasses,
): Markup {
  const places = withGaps(tiers);
  const stairs = staircase.rows.map(({ target, steps }) => ({
    target,
    costsUs: places.map((tier) => steps.find((step) => step.tier === tier)?.cpuUs.median ?? null),
  }));
  const found = stairs.map(
    ({ target, costsUs }) =>
      `${target.title}: ${costsUs.flatMap((us, at) => (us === null ? [] : `${places[at]} ${figure(us)}`)).join(', ')}`,
  );
  return figureOf(
    {
      title: 'CPU per request from tier to tier, µs',
      sub: `${loadTitle(staircase.load)}; each line up doubles; a gap parts tiers that don’t build on each other, or stands for one not offered or not passed`,
      label: `Steps of CPU microseconds per request. ${found.join('. ')}.`,
    },
    {
      id: 'stairs',
      wide: { width: FULL_PX, height: 380 },
      narrow: { width: NARROW_PX, height: 300 },
      option: () => stairsOption(places, stairs),
    },
    styles,
  );
}

/** An empty place before each tier that does not build on the one before it. */
function withGaps(tiers: readonly string[]): string[] {
  return tiers.flatMap((tier, at) =>
    at === 0 || BUILDS_ON[tier] === tiers[at - 1] ? [tier] : ['', tier],
  );
}

/** What one tier adds to the one below, for each target that has both. */
export function stepFigure(staircase: Staircase, tier: string, styles: StyleClasses): Markup {
  const bars = staircase.rows
    .flatMap(({ target, steps }) => {
      const added = steps.find((step) => step.tier === tier)?.added ?? null;
      return added === null ? [] : [{ target, estimate: added.us, from: added.from }];
    })
    .toSorted((one, other) => one.estimate.median - other.estimate.median);
  const [first] = bars;
  if (first === undefined) return NOTHING;
  const found = bars.map(({ target, estimate }) => `${target.title} ${signed(estimate.median)}`);
  return figureOf(
    {
      title: `${tier} adds to ${first.from}`,
      sub: 'µs of CPU per request, median and 95 % interval',
      label: `Bars of what tier ${tier} adds to ${first.from}, in CPU microseconds per request: ${found.join(', ')}.`,
    },
    {
      id: `step-${tier}`,
      wide: barsSize(HALF_PX, bars.length),
      narrow: barsSize(NARROW_PX, bars.length),
      option: (narrow) => barsOption(bars, 'µs added', narrow, signed),
    },
    styles,
  );
}

/** CPU per request over the runs, in one cell. */
export function historyFigure(
  cell: Cell,
  title: string,
  report: Report,
  styles: StyleClasses,
): Markup {
  const own = report.history.filter((series) => cellId(series.cell) === cellId(cell));
  const times = [...new Set(own.flatMap(({ points }) => points.map(({ at }) => at)))].toSorted();
  const pasts = own.map((series) => ({
    target: series.target,
    values: times.map((time) => series.points.find(({ at }) => at === time)?.cpuUs.median ?? null),
    changes: changesOf(series, report).map((at) => times.indexOf(at)),
  }));
  return figureOf(
    {
      title: `${title}: CPU per request over ${times.length} runs, µs`,
      sub: `${loadTitle(cell.load)}; a ringed mark begins a lasting change`,
      label: `Lines of CPU microseconds per request over ${times.length} runs; ${report.changes.length} lasting changes are in the table below.`,
    },
    {
      id: `history-${cellId(cell)}`,
      wide: { width: FULL_PX, height: 340 },
      narrow: { width: NARROW_PX, height: 280 },
      option: () => historyOption(times.map(dayOf), pasts),
    },
    styles,
  );
}

function changesOf({ target, cell }: HistorySeries, report: Report): string[] {
  return report.changes
    .filter((one) => one.target.target === target.target && cellId(one.cell) === cellId(cell))
    .map(({ at }) => at);
}

/** `11-14 09:00` */
function dayOf(at: string): string {
  return `${at.slice(5, 10)} ${at.slice(11, 16)}`;
}

/** Which line is whose: its colour, its dashes and its mark. */
export function legend(targets: readonly TargetSummary[]): Markup {
  return html`<ul class="legend" aria-label="Which line is whose">
${targets.map((target) => html`<li>${keyOf(target)}${target.title}</li>`)}
</ul>`;
}

const MARKS: Readonly<Record<ReturnType<typeof lookOf>['symbol'], string>> = {
  circle: '<circle cx="15" cy="6" r="4" fill="var(--own)"/>',
  rect: '<rect x="11" y="2" width="8" height="8" fill="var(--own)"/>',
  triangle: '<path d="M15 1l5 9h-10z" fill="var(--own)"/>',
  diamond: '<path d="M15 0l5 6-5 6-5-6z" fill="var(--own)"/>',
  emptyCircle:
    '<circle cx="15" cy="6" r="4" fill="var(--panel)" stroke="var(--own)" stroke-width="2"/>',
  emptyRect:
    '<rect x="11" y="2" width="8" height="8" fill="var(--panel)" stroke="var(--own)" stroke-width="2"/>',
};

const DASH_ARRAYS = {
  solid: '',
  dashed: ' stroke-dasharray="5 4"',
  dotted: ' stroke-dasharray="2 3"',
};

function keyOf(target: TargetSummary): Markup {
  const { symbol, dash } = lookOf(target.colour);
  return {
    html: `<svg class="${colourClass(target.colour)}" viewBox="0 0 30 12" aria-hidden="true"><path d="M0 6h30" stroke="var(--own)" stroke-width="2"${DASH_ARRAYS[dash]}/>${MARKS[symbol]}</svg>`,
  };
}
