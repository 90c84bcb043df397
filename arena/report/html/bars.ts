/**
 * Horizontal bars with an interval each, as an option of echarts.
 *
 * @module
 */

import type { Estimate } from '../estimates.ts';
import { figure } from '../format.ts';
import type { TargetSummary } from '../targets.ts';
import { lookOf, STAND_IN } from './colours.ts';
import { AXIS_LINE, type ChartOption, LABEL, type Size, SPLIT_LINE } from './svg.ts';

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
