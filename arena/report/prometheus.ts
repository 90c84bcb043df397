/**
 * Scores and costs in Prometheus' text format 0.0.4, for a scrape file or a pushgateway.
 *
 * A target without a result has no sample of its numbers, and `gateway_arena_up` 0. Seconds, bytes.
 *
 * @module
 */

import { type Report, reportOf } from './model.ts';
import { cellId } from './series.ts';
import { isMeasured } from './table-model.ts';
import type { ResultRecord } from '../results/records.ts';
import type { TargetScore } from './scores.ts';

interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

interface Family {
  readonly name: string;
  readonly help: string;
  readonly samples: readonly Sample[];
}

/** Text that ends in a line feed. Throws as `reportOf` does. */
export function prometheusText(records: readonly ResultRecord[]): string {
  const report = reportOf(records);
  const families = [
    ...upFamilies(report),
    ...scoreFamilies(report.scores),
    ...costFamilies(report),
  ];
  return families
    .filter(({ samples }) => samples.length > 0)
    .map(familyText)
    .join('');
}

function upFamilies({ targets, run }: Report): Family[] {
  return [
    {
      name: 'gateway_arena_run_timestamp_seconds',
      help: 'When the run began.',
      samples: [{ labels: {}, value: Date.parse(run.at) / 1000 }],
    },
    {
      name: 'gateway_arena_up',
      help: 'Whether anything valid was measured of the gateway.',
      samples: targets.map(({ target, state }) => ({
        labels: { gateway: target },
        value: state === 'measured' ? 1 : 0,
      })),
    },
  ];
}

function scoreFamilies(scores: readonly TargetScore[]): Family[] {
  const each = (of: (score: TargetScore) => number | null | undefined): Sample[] =>
    scores.flatMap((score) => {
      const value = of(score) ?? null;
      return value === null ? [] : [{ labels: { gateway: score.target.target }, value }];
    });
  const latency = (quantile: 'p50' | 'p95' | 'p99'): Family =>
    family(
      `${quantile}_seconds`,
      `Latency ${quantile} by scenario, of all rounds.`,
      bySeconds(scores, quantile),
    );
  return [
    family(
      'score',
      'L0 score, defects corrected: median of rounds, 0 to 100.',
      each(({ score }) => score?.median),
    ),
    family(
      'score_ci_lower',
      'Lower end of its 95 % interval.',
      each(({ score }) => score?.low),
    ),
    family(
      'score_ci_upper',
      'Upper end of its 95 % interval.',
      each(({ score }) => score?.high),
    ),
    family(
      'score_stddev',
      'Standard deviation over rounds.',
      each(({ stddev }) => stddev),
    ),
    family(
      'runs',
      'Rounds that count.',
      each(({ rounds }) => rounds),
    ),
    family(
      'availability',
      'Right answers by requests due in scenario health.',
      each(({ scenarios }) => shareIn(scenarios, 'health')),
    ),
    family(
      'ramp_right_ratio',
      'Right answers by requests due in scenario ramp_up.',
      each(({ scenarios }) => shareIn(scenarios, 'ramp_up')),
    ),
    family(
      'score_played_share',
      'Part of the loads that was played; a score of less than 1 is a trial.',
      scores.flatMap(({ target, rounds, share }) =>
        rounds === 0 ? [] : [{ labels: { gateway: target.target }, value: share }],
      ),
    ),
    family('score_part', 'Parts of the score before their weights, 0 to 100.', partsOf(scores)),
    latency('p50'),
    latency('p95'),
    latency('p99'),
  ];
}

function family(name: string, help: string, samples: readonly Sample[]): Family {
  return { name: `gateway_arena_${name}`, help, samples };
}

function shareIn(scenarios: TargetScore['scenarios'], name: string): number | null {
  const found = scenarios.find(({ scenario }) => scenario === name);
  return found === undefined || found.due === 0 ? null : found.right / found.due;
}

function partsOf(scores: readonly TargetScore[]): Sample[] {
  return scores.flatMap(({ target, parts }) =>
    Object.entries(parts).map(([part, value]) => ({
      labels: { gateway: target.target, part },
      value,
    })),
  );
}

function bySeconds(scores: readonly TargetScore[], quantile: 'p50' | 'p95' | 'p99'): Sample[] {
  return scores.flatMap(({ target, scenarios }) =>
    scenarios.flatMap(({ scenario, seconds }) =>
      seconds === null
        ? []
        : [{ labels: { gateway: target.target, scenario }, value: seconds[quantile] }],
    ),
  );
}

/** CPU and memory of every table. */
function costFamilies({ tiers }: Report): Family[] {
  const rows = tiers.flatMap(({ tables }) =>
    tables.flatMap(({ cell, rows: own }) =>
      own.filter(isMeasured).map((row) => ({
        row,
        labels: {
          gateway: row.target.target,
          tier: cell.tier,
          cell: cellId(cell),
        },
      })),
    ),
  );
  return [
    {
      name: 'gateway_arena_cpu_seconds_per_request',
      help: 'CPU time of the process tree by request, median of rounds.',
      samples: rows.flatMap(({ row, labels }) =>
        row.cpuUs === null ? [] : [{ labels, value: row.cpuUs.median / 1e6 }],
      ),
    },
    {
      name: 'gateway_arena_memory_peak_bytes',
      help: 'Peak resident memory of the process tree.',
      samples: rows.flatMap(({ row, labels }) =>
        row.memoryPeakBytes === null ? [] : [{ labels, value: row.memoryPeakBytes }],
      ),
    },
  ];
}

function familyText({ name, help, samples }: Family): string {
  const lines = samples.map(({ labels, value }) => {
    const pairs = Object.entries(labels).map(([key, text]) => `${key}="${labelText(text)}"`);
    return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}\n`;
  });
  return `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${lines.join('')}`;
}

function labelText(text: string): string {
  return text
    .replaceAll('\\', '\\\\')
    .replaceAll('"', String.raw`\"`)
    .replaceAll('\n', String.raw`\n`);
}
