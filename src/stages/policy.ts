/**
 * What a route's policy says to a request, and what becomes of the request: the word that its
 * exchange goes on with, a count, and a line of the decision log.
 *
 * Bounds: those of the policies; an input of 262 144 bytes, whatever it is made of.
 *
 * @module
 */

import { performance } from 'node:perf_hooks';

import type { Model } from '../config/schema.ts';
import type { NotedDecision } from '../native/addon.ts';
import type { Word } from '../native/word.ts';
import type { Evaluation, HeaderChanges } from '../policy/decision.ts';
import { decisionLogEntry } from '../policy/decision-log.ts';
import { enforce, type Enforcement, enforcementOf, type Verdict } from '../policy/enforce.ts';
import { failed } from '../policy/engine.ts';
import type { PolicyInput } from '../policy/input.ts';
import type { Policies } from '../policy/policies.ts';
import { policyInput } from './policy-input.ts';
import type { Question } from './question.ts';

export interface PolicyStage {
  /** Whether a route asks a policy. */
  asks(routeName: string): boolean;
  /** Rejects for a question that no policy is named for. */
  decide(question: Question): Promise<Word>;
}

type Route = Model['routes'][number];

interface Asked {
  readonly route: Route;
  readonly policy: string;
  readonly enforcement: Enforcement;
}

export function policyStage(
  model: Model,
  policies: Policies,
  note: (noted: NotedDecision) => void,
): PolicyStage {
  const asked = new Map(model.routes.flatMap((route) => askedBy(route, model)));
  const isLogged = model.decisionLog.path !== null;
  const requestIdHeader = folded(model.requestId.header);
  return {
    asks: (routeName) => asked.has(routeName),
    decide: async (question) => {
      const known = asked.get(question.route);
      if (known === undefined) throw new Error(`route "${question.route}" asks no policy`);
      const { policy, route, enforcement } = known;
      const startedMs = performance.now();
      const input = policyInput(question, route);
      const evaluation = await policies.evaluate(policy, input);
      const verdict = enforce(keepingId(evaluation, requestIdHeader), enforcement);
      const durationUs = Math.round((performance.now() - startedMs) * 1000);
      const line = isLogged ? lineOf({ known, input, verdict, durationUs }) : '';
      const evaluations = evaluationsOf(policy, policies);
      note({
        policy,
        effect: verdict.effect,
        failure: verdict.failure?.why ?? '',
        line,
        evaluations,
      });
      return wordOf(verdict);
    },
  };
}

function askedBy(route: Route, { policies }: Model): (readonly [string, Asked])[] {
  if (route.policy === null) return [];
  const { name } = route.policy;
  const policy = policies[name];
  if (policy === undefined) return [];
  return [[route.name, { route, policy: name, enforcement: enforcementOf(policy, route.policy) }]];
}

/** An evaluation is counted as asked and as inline in one go, so the difference never shrinks. */
function evaluationsOf(policy: string, policies: Policies): NotedDecision['evaluations'] {
  const counts = policies.takeCounts(policy);
  if (counts === null) return [0, 0, 0, 0];
  const { asked, inline, cacheHits, fellBack } = counts;
  return [inline, asked - inline, cacheHits, fellBack];
}

/**
 * The name of a request is the gateway's to give: logs and answers have to agree on it. A denial
 * stands without the header.
 */
function keepingId(evaluation: Evaluation, requestIdHeader: string): Evaluation {
  if (evaluation.kind === 'failed') return evaluation;
  const { decision } = evaluation;
  const isName = (name: string): boolean => folded(name) === requestIdHeader;
  if (!decision.allow) {
    const kept = Object.entries(decision.downstreamHeaders).filter(([name]) => !isName(name));
    return {
      kind: 'decided',
      decision: { ...decision, downstreamHeaders: Object.fromEntries(kept) },
    };
  }
  const { upstreamHeaders, downstreamHeaders } = decision;
  const named = Object.keys({ ...upstreamHeaders, ...downstreamHeaders }).find(isName);
  return named === undefined
    ? evaluation
    : failed(
        'error',
        `not a decision: "${named}" names the request, and is the gateway's to write`,
      );
}

/** As upstreams see it that take `_` for `-`. */
function folded(name: string): string {
  return name.toLowerCase().replaceAll('_', '-');
}

function lineOf(decided: {
  readonly known: Asked;
  readonly input: PolicyInput;
  readonly verdict: Verdict;
  readonly durationUs: number;
}): string {
  const { known, input, verdict, durationUs } = decided;
  const { policy, enforcement } = known;
  const { dryRun } = enforcement;
  const timeMs = Date.now();
  return JSON.stringify(decisionLogEntry({ policy, input, verdict, dryRun, timeMs, durationUs }));
}

function wordOf({ admit, failure, decision }: Verdict): Word {
  const { status, upstreamHeaders, downstreamHeaders } = decision;
  if (admit) {
    return {
      kind: 'admitted',
      upstream: Object.entries(upstreamHeaders),
      downstream: Object.entries(downstreamHeaders),
    };
  }
  const code = failure === null ? 'policy_denied' : 'policy_failed';
  return { kind: 'refused', code, status, detail: '', headers: set(downstreamHeaders) };
}

/** There is nothing to take off where the gateway answers. */
function set(changes: HeaderChanges): (readonly [string, string])[] {
  return Object.entries(changes).flatMap(([name, value]) =>
    value === null ? [] : [[name, value] as const],
  );
}
