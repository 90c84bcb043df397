/**
 * Latency curves, stairs of cost, and costs over time, as options of echarts.
 *
 * @module
 */

import type { CurvePoint } from '../latency.ts';
import type { TargetSummary } from '../targets.ts';
import { lookOf, STAND_IN } from './colours.ts';
import { AXIS_LINE, type ChartOption, LABEL, SPLIT_LINE } from './svg.ts';

export interface Curve {
  readonly target: TargetSummary;
  readonly points: readonly CurvePoint[];
}

const NINES = ['min', 'p90', 'p99', 'p99.9', 'p99.99', 'p99.999'] as const;

/** Latency by quantile: each step to the right is another nine, each up ten times as slow. */
export function curvesOption(curves: readonly Curve[]): ChartOption {
  const values = curves
    .flatMap(({ points }) => points.map(({ us }) => us / 1000))
    .filter((ms) => ms > 0);
  const nines = Math.max(1, ...curves.flatMap(({ points }) => points.map((point) => point.nines)));
  return {
    grid: { left: 46, right: 16, top: 26, bottom: 30 },
    xAxis: {
      type: 'value',
      min: 0,
      max: Math.ceil(nines * 10) / 10,
      interval: 1,
      axisLabel: {
        ...LABEL,
        formatter: (at: number) => NINES[at] ?? '',
        showMaxLabel: Number.isInteger(nines),
      },
      axisLine: AXIS_LINE,
      axisTick: { show: false },
      splitLine: SPLIT_LINE,
    },
    yAxis: {
      type: 'log',
      name: 'ms',
      nameTextStyle: { ...LABEL, align: 'right', padding: [0, 6, 0, 0] },
      nameGap: 10,
      min: roundBelow(Math.min(0.5, ...values)),
      max: roundAbove(Math.max(2, ...values)),
      axisLabel: { ...LABEL, formatter: (ms: number) => `${ms}` },
      axisLine: { show: false },
      splitLine: SPLIT_LINE,
      minorTick: { show: false },
    },
    series: curves.map(({ target, points }) => ({
      ...lineOf(target),
      smooth: 0.2,
      data: points
        .filter(({ us }) => us > 0)
        .map((point) => ({
          value: [point.nines, point.us / 1000],
          symbolSize: Number.isInteger(point.nines) ? 7 : 0,
        })),
    })),
  };
}

/** The next 1, 2 or 5 of a decade at or under a value above 0. */
function roundBelow(value: number): number {
  const decade = 10 ** Math.floor(Math.log10(value));
  const digit = value / decade;
  return Number((decade * (digit >= 5 ? 5 : digit >= 2 ? 2 : 1)).toPrecision(1));
}

function roundAbove(value: number): number {
  const below = roundBelow(value);
  if (below === value) return value;
  return Number((below * (below.toPrecision(1).startsWith('2') ? 2.5 : 2)).toPrecision(1));
}

function lineOf(target: TargetSummary): object {
  const look = lookOf(target.colour);
  return {
    type: 'line',
    name: target.title,
    symbol: look.symbol,
    lineStyle: { color: look.colour, width: 2, type: look.dash },
    itemStyle: { color: look.colour },
    emphasis: { disabled: true },
  };
}

export interface Stairs {
  readonly target: TargetSummary;
  /** By place of the tier; null where there is none. */
  readonly costsUs: readonly (number | null)[];
}

/** CPU per request from tier to tier, a step each; logarithmic, so that equal factors look equal. */
export function stairsOption(tiers: readonly string[], stairs: readonly Stairs[]): ChartOption {
  return {
    grid: { left: 46, right: 16, top: 26, bottom: 30 },
    xAxis: {
      type: 'category',
      data: tiers,
      axisLabel: { ...LABEL, color: STAND_IN.ink, interval: 0 },
      axisLine: AXIS_LINE,
      axisTick: { show: false },
    },
    yAxis: doublingAxis(stairs.flatMap(({ costsUs }) => costsUs)),
    series: stairs.map(({ target, costsUs }) => ({
      ...lineOf(target),
      step: 'middle',
      symbolSize: 8,
      connectNulls: false,
      data: costsUs.map((us) => us ?? '-'),
    })),
  };
}

/** Microseconds, each line twice the one below, so that equal factors look equal. */
function doublingAxis(costsUs: readonly (number | null)[]): object {
  const known = costsUs.flatMap((us) => (us !== null && us > 0 ? [us] : []));
  return {
    type: 'log',
    logBase: 2,
    name: 'µs',
    nameTextStyle: { ...LABEL, align: 'right', padding: [0, 6, 0, 0] },
    nameGap: 10,
    min: 2 ** Math.floor(Math.log2(Math.min(...known, 8))),
    max: 2 ** Math.ceil(Math.log2(Math.max(...known, 16))),
    axisLabel: { ...LABEL, formatter: (us: number) => `${Math.round(us * 100) / 100}` },
    splitLine: SPLIT_LINE,
  };
}

export interface Past {
  readonly target: TargetSummary;
  readonly values: readonly (number | null)[];
  /** Places at which a lasting change begins. */
  readonly changes: readonly number[];
}

/** CPU per request over the runs, logarithmic; a change is a larger mark with a ring. */
export function historyOption(days: readonly string[], pasts: readonly Past[]): ChartOption {
  return {
    grid: { left: 46, right: 20, top: 26, bottom: 30 },
    xAxis: {
      type: 'category',
      data: days,
      axisLabel: { ...LABEL, hideOverlap: true },
      axisLine: AXIS_LINE,
      axisTick: { show: false },
    },
    yAxis: doublingAxis(pasts.flatMap(({ values }) => values)),
    series: pasts.map(({ target, values, changes }) => ({
      ...lineOf(target),
      connectNulls: false,
      data: values.map((value, at) => ({
        value: value ?? '-',
        symbolSize: changes.includes(at) ? 14 : 5,
        itemStyle: changes.includes(at)
          ? { color: lookOf(target.colour).colour, borderColor: STAND_IN.ink, borderWidth: 2 }
          : { color: lookOf(target.colour).colour },
      })),
    })),
  };
}
