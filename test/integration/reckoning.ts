/**
 * Requests held against events: which were answered, which have an event, which failed and why.
 *
 * A request that was answered must have exactly one event, under one id, however often that event is there. One that
 * failed may have an event (the gateway had done its work when it was killed) or none.
 *
 * @module
 */

import type { TopicMessage } from '../support/kafka-topic.ts';
import type { Failure } from './steady-load.ts';

/** Time in ms since 1970 in which requests may fail because of it. */
export interface Kill {
  readonly what: string;
  readonly fromMs: number;
  readonly untilMs: number;
}

export interface Reckoning {
  readonly messages: number;
  /** Different ids among them. */
  readonly events: number;
  /** Messages whose id was there already. */
  readonly duplicates: number;
  /** Requests under way at a kill that got no answer, by the kill and how it showed. */
  readonly inFlightAtKill: Readonly<Record<string, number>>;
  /** Requests begun behind a kill, before what it had killed was replaced or its connections were known to be gone. */
  readonly behindKill: Readonly<Record<string, number>>;
  /** Of all these, how many have an event. */
  readonly failedWithEvent: number;
  /** Failures that no kill explains. */
  readonly unexplained: readonly Failure[];
  /** Requests that were answered and have no event. */
  readonly missing: readonly string[];
  /** Events of requests that nobody sent. */
  readonly strange: readonly string[];
  /** Requests with several ids. */
  readonly otherIds: readonly string[];
  /** Ids whose messages are not the same byte by byte. */
  readonly altered: readonly string[];
  /** Ids whose first message stands behind a later one of the same tenant. */
  readonly outOfOrder: readonly string[];
}

export interface Books {
  readonly answered: ReadonlySet<string>;
  readonly failures: readonly Failure[];
  readonly kills: readonly Kill[];
  readonly messages: readonly TopicMessage[];
}

export function reckon({ answered, failures, kills, messages }: Books): Reckoning {
  const first = new Map<string, TopicMessage>();
  const altered: string[] = [];
  const outOfOrder: string[] = [];
  const latest = new Map<string | null, string>();
  for (const message of messages) {
    const { id, time } = message.event;
    const earlier = first.get(id);
    if (earlier !== undefined) {
      if (earlier.text !== message.text) altered.push(id);
      continue;
    }
    first.set(id, message);
    if (time < (latest.get(message.key) ?? '')) outOfOrder.push(id);
    latest.set(message.key, time);
  }
  const idsOf = new Map<string, string[]>();
  for (const [id, { event }] of first) {
    const name = event.data.requestId ?? '';
    idsOf.set(name, [...(idsOf.get(name) ?? []), id]);
  }
  const failed = new Set(failures.map(({ id }) => id));
  const blamed = failures.map((failure) => ({ failure, blame: blameOf(failure, kills) }));
  return {
    messages: messages.length,
    events: first.size,
    duplicates: messages.length - first.size,
    inFlightAtKill: tally(blamed.filter(({ blame }) => blame.kind === 'in flight')),
    behindKill: tally(blamed.filter(({ blame }) => blame.kind === 'behind')),
    failedWithEvent: failures.filter(({ id }) => idsOf.has(id)).length,
    unexplained: blamed.filter(({ blame }) => blame.kind === 'none').map(({ failure }) => failure),
    missing: [...answered].filter((id) => !idsOf.has(id)),
    strange: [...idsOf.keys()].filter((name) => !answered.has(name) && !failed.has(name)),
    otherIds: [...idsOf].filter(([, ids]) => ids.length > 1).map(([name]) => name),
    altered,
    outOfOrder,
  };
}

/** What is not as promised, in words; empty when all is. `dropped` is what the gateway says that it dropped. */
export function faultsOf(reckoning: Reckoning & { readonly dropped: number }): string[] {
  const { missing, strange, otherIds, unexplained, dropped, outOfOrder, altered } = reckoning;
  const counts = { missing, strange, otherIds, unexplained, outOfOrder, altered };
  const faults = Object.entries(counts).filter(([, list]) => list.length > 0);
  return [
    ...faults.map(([name, list]) => `${name}: ${list.length}, such as ${JSON.stringify(list[0])}`),
    ...(dropped > 0 ? [`dropped: ${dropped}`] : []),
  ];
}

interface Blame {
  readonly kind: 'in flight' | 'behind' | 'none';
  readonly what: string;
}

function blameOf({ begunMs, endedMs, why }: Failure, kills: readonly Kill[]): Blame {
  const kill = kills.find(({ fromMs, untilMs }) => begunMs <= untilMs && endedMs >= fromMs);
  // A status is an answer: no kill explains it.
  if (kill === undefined || why.startsWith('status')) return { kind: 'none', what: '' };
  return { kind: begunMs <= kill.fromMs ? 'in flight' : 'behind', what: kill.what };
}

function tally(
  blamed: readonly { readonly failure: Failure; readonly blame: Blame }[],
): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { failure, blame } of blamed) {
    const name = `${blame.what}: ${failure.why}`;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}
