/**
 * The charts of the report as echarts' options: bars with intervals, latency curves, stairs, history.
 *
 * @module
 */

import type { Estimate } from '../estimates.ts';
import { figure } from '../format.ts';
import type { CurvePoint } from '../latency.ts';
import type { TargetSummary } from '../targets.ts';
import { lookOf, STAND_IN } from './colours.ts';
import { type ChartOption, LABEL, type Size } from './svg.ts';

const AXIS_LINE = { lineStyle: { color: STAND_IN.line } } as const;
const SPLIT_LINE = { lineStyle: { color: STAND_IN.line, width: 1 } } as const;

export interface Bar {
  readonly target: TargetSummary;
  readonly estimate: Estimate;
}

const BAR_ROW_PX = 34;

export function barsSize(width: number, bars: number): Size {
  return { width, height: bars * BAR_ROW_PX + 44 };
}

/** Horizontal bars with whiskers for the interval, the number behind each. */
export function barsOption(
  bars: readonly Bar[],
  unit: string,
  narrow: boolean,
  format = figure,
): ChartOption {
  const most = Math.max(0, ...bars.map(({ estimate }) => estimate.high));
  const least = Math.min(0, ...bars.map(({ estimate }) => estimate.low));
  return {
    grid: { left: narrow ? 124 : 168, right: narrow ? 58 : 76, top: 6, bottom: 38 },
    xAxis: {
      type: 'value',
      min: least < 0 ? least * 1.05 : 0,
      max: most > 0 ? most * 1.02 : 1,
      name: unit,
      nameLocation: 'middle',
      nameGap: 24,
      nameTextStyle: LABEL,
      axisLabel: { ...LABEL, hideOverlap: true, showMaxLabel: false, showMinLabel: least >= 0 },
      axisLine: { show: false },
      axisTick: { show: false },
      splitNumber: narrow ? 3 : 6,
      splitLine: SPLIT_LINE,
    },
    yAxis: {
      type: 'category',
      inverse: true,
      data: bars.map(({ target }) => target.title),
      axisLabel: {
        ...LABEL,
        color: STAND_IN.ink,
        fontSize: narrow ? 11 : 13,
        width: narrow ? 118 : 156,
        overflow: 'truncate',
      },
      axisLine: AXIS_LINE,
      axisTick: { show: false },
    },
    series: [
      {
        type: 'bar',
        barWidth: 16,
        data: bars.map(({ target, estimate }) => ({
          value: estimate.median,
          itemStyle: { color: lookOf(target.colour).colour, borderRadius: [0, 2, 2, 0] },
        })),
      },
      whiskers(bars, format),
    ],
  };
}

interface RenderApi {
  value: (dimension: number) => number;
  coord: (point: readonly number[]) => number[];
}

/** The interval as a line with ends, and the median's number right of it. */
function whiskers(bars: readonly Bar[], format: (value: number) => string): object {
  return {
    type: 'custom',
    z: 5,
    data: bars.map(({ estimate }, at) => [at, estimate.low, estimate.high, estimate.median]),
    encode: { x: [1, 2], y: 0 },
    renderItem: (_: unknown, api: RenderApi): object => {
      const at = api.value(0);
      const [low = 0, y = 0] = api.coord([api.value(1), at]);
      const [high = 0] = api.coord([api.value(2), at]);
      const end = Math.max(high, api.coord([api.value(3), at])[0] ?? 0);
      return {
        type: 'group',
        children: [
          stroke(low, y, high, y),
          stroke(low, y - 5, low, y + 5),
          stroke(high, y - 5, high, y + 5),
          {
            type: 'text',
            x: end + 7,
            y,
            style: {
              text: format(api.value(3)),
              fill: STAND_IN.ink,
              fontSize: 12,
              fontFamily: 'inherit',
              fontWeight: 600,
              verticalAlign: 'middle',
            },
          },
        ],
      };
    },
  };
}

function stroke(x1: number, y1: number, x2: number, y2: number): object {
  const style = { stroke: STAND_IN.ink, lineWidth: 1.5, fill: 'none' };
  return { type: 'line', shape: { x1, y1, x2, y2 }, style };
}

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
