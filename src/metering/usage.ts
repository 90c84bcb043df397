/**
 * Sums of usage events, each event once however often it comes.
 *
 * Bounds: `GROUPS_MAX` groups; of each worker process the ranges of sequences that were seen, few while they come in
 * order.
 *
 * @module
 */

import { GatewayError } from '../errors.ts';
import type { MeteringEvent } from './event-schema.ts';

/** What sums may be kept apart by. */
export const DIMENSIONS = ['tenant', 'consumer', 'route', 'upstream', 'plan', 'decision'] as const;
export type Dimension = (typeof DIMENSIONS)[number];

export const PERIODS = ['all', 'month', 'day', 'hour'] as const;
export type Period = (typeof PERIODS)[number];

export interface UsageOptions {
  readonly by: readonly Dimension[];
  readonly period: Period;
  /** From this time on; Unix time in milliseconds. */
  readonly sinceMs: number;
  /** Before this time. */
  readonly untilMs: number;
}

/** A group's sums. Bytes are those of bodies. */
export interface UsageSum {
  /** What the group has in common; null where an event has none. */
  readonly group: Readonly<Record<string, string | null>>;
  /** Start of the period in UTC; null for all time. */
  readonly from: string | null;
  requests: number;
  refused: number;
  failed: number;
  bytesIn: number;
  bytesOut: number;
  durationUs: number;
  upstreamUs: number;
  inputTokens: number;
  outputTokens: number;
  toolCalls: number;
}

const GROUPS_MAX = 1_000_000;
/** Where the time of an event is cut to be its period: `2026-11`, `2026-11-21`, `2026-11-21T13`. */
const PERIOD_CHARS: Readonly<Record<Period, number>> = { all: 0, month: 7, day: 10, hour: 13 };

export class Usage {
  readonly #options: UsageOptions;
  readonly #sums = new Map<string, UsageSum>();
  readonly #seen = new Map<string, Ranges>();

  constructor(options: UsageOptions) {
    this.#options = options;
  }

  /** Adds an event, unless it was added before or lies outside the time. */
  add({ id, time, data }: MeteringEvent): void {
    if (!this.#isNew(id)) return;
    const { by, period, sinceMs, untilMs } = this.#options;
    const timeMs = Date.parse(time);
    if (!(timeMs >= sinceMs && timeMs < untilMs)) return;
    const sum = this.#sumOf(
      by.map((dimension) => data[dimension] ?? null),
      time.slice(0, PERIOD_CHARS[period]),
    );
    addTo(sum, data);
  }

  /** In the order of period, then of the groups' names. */
  sums(): UsageSum[] {
    return [...this.#sums.entries()]
      .toSorted(([one], [other]) => (one < other ? -1 : 1))
      .map(([, sum]) => sum);
  }

  #sumOf(values: readonly (string | null)[], from: string): UsageSum {
    const key = JSON.stringify([from, ...values]);
    const known = this.#sums.get(key);
    if (known !== undefined) return known;
    if (this.#sums.size >= GROUPS_MAX) {
      throw new GatewayError('usage', `more than ${GROUPS_MAX} groups: name fewer with --by`);
    }
    const { by, period } = this.#options;
    const sum = {
      group: Object.fromEntries(by.map((dimension, index) => [dimension, values[index] ?? null])),
      from: period === 'all' ? null : from,
      requests: 0,
      refused: 0,
      failed: 0,
      bytesIn: 0,
      bytesOut: 0,
      durationUs: 0,
      upstreamUs: 0,
      inputTokens: 0,
      outputTokens: 0,
      toolCalls: 0,
    };
    this.#sums.set(key, sum);
    return sum;
  }

  #isNew(id: string): boolean {
    const cut = id.lastIndexOf('-');
    const process = id.slice(0, cut);
    const ranges = this.#seen.get(process) ?? new Ranges();
    this.#seen.set(process, ranges);
    return ranges.add(Number(id.slice(cut + 1)));
  }
}

function addTo(sum: UsageSum, data: MeteringEvent['data']): void {
  const { decision, status, tokens = { input: 0, output: 0 } } = data;
  sum.requests += 1;
  sum.refused += Number(decision === 'refused');
  sum.failed += Number(decision === 'failed' || status >= 500);
  sum.bytesIn += data.bytesIn;
  sum.bytesOut += data.bytesOut;
  sum.durationUs += data.durationUs;
  sum.upstreamUs += data.upstreamUs ?? 0;
  sum.inputTokens += tokens.input;
  sum.outputTokens += tokens.output;
  sum.toolCalls += data.toolCalls ?? 0;
}

/** A set of numbers, small where they follow each other. */
export class Ranges {
  /** First and last of each, ascending and apart. */
  readonly #ranges: [number, number][] = [];

  /** False when it was there. */
  add(number: number): boolean {
    // Nearly always the last one grows.
    let at = this.#ranges.length;
    for (; at > 0; at -= 1) {
      const [first, last] = this.#ranges[at - 1] ?? [0, 0];
      if (number > last) break;
      if (number >= first) return false;
    }
    const before = this.#ranges[at - 1];
    const behind = this.#ranges[at];
    if (before?.[1] === number - 1) {
      before[1] = number;
      if (behind?.[0] === number + 1) {
        before[1] = behind[1];
        this.#ranges.splice(at, 1);
      }
    } else if (behind?.[0] === number + 1) behind[0] = number;
    else this.#ranges.splice(at, 0, [number, number]);
    return true;
  }
}
