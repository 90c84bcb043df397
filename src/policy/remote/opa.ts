/**
 * A running OPA as an engine: `POST /v1/data/ENTRYPOINT`.
 *
 * Bounds: 64 connections, `queueMax` evaluations beyond them, `timeoutMs` each, a response of 64 KiB.
 * After 5 failures in a row it is left alone for 1 s, doubling to 30 s; until then every evaluation
 * fails at once. Source: openpolicyagent.org/docs/rest-api, Data API.
 *
 * @module
 */

import { performance } from 'node:perf_hooks';

import { type Answer, DECISION_MAX_BYTES, type Engine, failed, messageOf } from '../engine.ts';
import { HttpTimeout, openPeer, type HttpResponse } from '../http.ts';
import { Breaker } from './breaker.ts';

export interface RemoteOptions {
  /** Where OPA is; `/v1/data/…` is put behind its path. */
  readonly url: string;
  /** With slashes. */
  readonly entrypoint: string;
  readonly timeoutMs: number;
  readonly queueMax: number;
}

const CONNECTIONS_MAX = 64;
const BREAKER = { failuresMax: 5, pauseMinMs: 1000, pauseMaxMs: 30_000 };
const HEADERS = { 'content-type': 'application/json', accept: 'application/json' };

/** Asks nothing yet: OPA may start later than the gateway. */
export function openRemote({ url, entrypoint, timeoutMs, queueMax }: RemoteOptions): Engine {
  const target = new URL(`${url.replace(/\/+$/, '')}/v1/data/${entrypoint}`);
  const peer = openPeer(CONNECTIONS_MAX);
  const breaker = new Breaker(BREAKER);
  const underWay = new Set<Promise<Answer>>();

  async function exchange(input: string): Promise<Answer> {
    try {
      const response = await peer.exchange({
        method: 'POST',
        url: target,
        headers: HEADERS,
        body: `{"input":${input}}`,
        timeoutMs,
        responseMaxBytes: DECISION_MAX_BYTES,
      });
      // What OPA says of one policy or one input is no fault of OPA's.
      if (response.status >= 500 && !isEvaluationError(response)) {
        breaker.failed(performance.now());
        return failed('unavailable', `OPA answered ${response.status}`);
      }
      breaker.succeeded();
      return read(response);
    } catch (error) {
      breaker.failed(performance.now());
      return error instanceof HttpTimeout
        ? failed('timeout', `OPA gave ${error.message}`)
        : failed('unavailable', `OPA cannot be asked: ${messageOf(error)}`);
    }
  }

  return {
    async ask(input) {
      if (underWay.size >= CONNECTIONS_MAX + queueMax) {
        return failed('queue_full', 'as many evaluations wait as may');
      }
      if (!breaker.admits(performance.now())) {
        return failed('unavailable', 'OPA failed often and is left alone for a while');
      }
      const answer = exchange(input);
      underWay.add(answer);
      try {
        return await answer;
      } finally {
        underWay.delete(answer);
      }
    },
    async close() {
      await Promise.all(underWay);
      peer.close();
    },
  };
}

/** A policy that fails is answered with 500 and `internal_error`, the same as a defect of OPA's. */
function isEvaluationError({ body }: HttpResponse): boolean {
  return /"eval_\w+"/.test(body.toString('utf8'));
}

function read({ status, body }: HttpResponse): Answer {
  if (status !== 200) return failed('error', `OPA answered ${status}`);
  let document: unknown;
  try {
    document = JSON.parse(body.toString('utf8'));
  } catch {
    return failed('error', 'OPA answered something else than JSON');
  }
  if (typeof document !== 'object' || document === null || !('result' in document)) {
    return { kind: 'undefined' };
  }
  return { kind: 'value', value: document.result };
}
