/**
 * The schedule's own figures for Prometheus, beside those of the last run.
 *
 * Source: Prometheus text exposition format 0.0.4.
 *
 * @module
 */

import type { ScheduleStatus } from '../schedule/status.ts';

export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

export function scheduleMetrics({ counts, running, lastComplete }: ScheduleStatus): string {
  const lines = [
    '# HELP gateway_arena_schedule_rounds_total Rounds of the schedule, by what became of them.',
    '# TYPE gateway_arena_schedule_rounds_total counter',
    ...Object.entries(counts).map(
      ([outcome, count]) => `gateway_arena_schedule_rounds_total{outcome="${outcome}"} ${count}`,
    ),
    '# HELP gateway_arena_schedule_round_running Whether a round runs.',
    '# TYPE gateway_arena_schedule_round_running gauge',
    `gateway_arena_schedule_round_running ${running === null ? 0 : 1}`,
  ];
  // None before the first: a missing time is no time, and no zero.
  if (lastComplete !== null) {
    lines.push(
      '# HELP gateway_arena_schedule_last_complete_timestamp_seconds When the last complete round ended.',
      '# TYPE gateway_arena_schedule_last_complete_timestamp_seconds gauge',
      `gateway_arena_schedule_last_complete_timestamp_seconds ${Date.parse(lastComplete.endedAt) / 1000}`,
    );
  }
  return `${lines.join('\n')}\n`;
}
