/**
 * What a request needs that native code does not do: for each question of a paused exchange, the
 * word that it goes on with.
 *
 * Whatever goes wrong ends in a problem: an exception here in 503, no answer in 504 by the time
 * limit that native code keeps (`limits.decisionMs`).
 *
 * Bounds: as many questions at once as a worker has exchanges; one line a second in the log.
 *
 * @module
 */

import type { Model } from '../config/schema.ts';
import type { Authentication, Authenticator } from '../identity/authenticate.ts';
import type { Passwords } from '../identity/basic/passwords.ts';
import type { WorkerCore } from '../native/addon.ts';
import { STAGE } from '../native/record.ts';
import type { Word } from '../native/word.ts';
import { describeError, type Log } from '../telemetry/log.ts';
import { type Question, readQuestion } from './question.ts';
import type { PolicyStage } from './policy.ts';
import { describeResource } from './resource-metadata.ts';

type Field = readonly [name: string, value: string];

const LOG_STEP_MS = 1000;

const FAILED: Word = {
  kind: 'refused',
  code: 'decision_failed',
  status: null,
  detail: '',
  headers: [],
};

export interface Stages {
  readonly model: Model;
  readonly authenticator: Authenticator;
  readonly passwords: Passwords;
  readonly policies: PolicyStage;
  readonly log: Log;
}

/** Answers the questions of `core` from now on. */
export function answerQuestions(core: WorkerCore, stages: Stages): void {
  let loggedAt = -Infinity;
  const tell = (question: Question, error: unknown): void => {
    if (performance.now() - loggedAt < LOG_STEP_MS) return;
    loggedAt = performance.now();
    stages.log('error', 'stage_failed', { route: question.route, message: describeError(error) });
  };

  const settle = async (question: Question): Promise<void> => {
    let word = FAILED;
    try {
      word = await wordOn(question, stages);
    } catch (error) {
      tell(question, error);
    }
    try {
      core.resume(question.id, word);
    } catch (error) {
      tell(question, error);
    }
  };

  core.onPaused((at) => void settle(readQuestion(core, at)));
}

async function wordOn(question: Question, stages: Stages): Promise<Word> {
  const { model, authenticator, passwords, policies } = stages;
  if (question.stage === STAGE.policy) return policies.decide(question);
  if (question.stage === STAGE.resourceMetadata) {
    return describeResource(model, question.route) ?? FAILED;
  }
  const { route, method, url, header, certificateSha256 } = question;
  const nowMs = Date.now();
  const password = passwords.verify(route, header('authorization'), nowMs);
  if (password !== null) return password;
  const request = { method, url, header, certificateSha256, nowMs };
  return wordOf(await authenticator.authenticate(route, request), policies.asks(route));
}

function wordOf(found: Authentication, withClaims: boolean): Word {
  if (found.kind === 'accepted') {
    const { consumer, tenant, plan, headers } = found.identity;
    const { rememberUntilMs, token } = found;
    return {
      kind: 'accepted',
      consumer: consumer ?? '',
      tenant: tenant ?? '',
      plan: plan ?? '',
      ...token,
      headers,
      claims: withClaims ? JSON.stringify(found.claims) : '',
      rememberUntilMs: rememberUntilMs === null ? null : Math.max(0, Math.floor(rememberUntilMs)),
    };
  }
  const { code, detail, wwwAuthenticate, dpopNonce } = found;
  const headers = wwwAuthenticate.map((value): Field => ['www-authenticate', value]);
  if (dpopNonce !== null) headers.push(['dpop-nonce', dpopNonce]);
  return { kind: 'refused', code, status: null, detail, headers };
}
