/**
 * The stage of a test about waiting for a policy: a gateway whose policies are an OPA, and whose tokens
 * are of an issuer, that answer when the test lets them.
 *
 * @module
 */

import { after, afterEach, before, beforeEach } from 'node:test';

import type { PolicyInput } from '../../src/policy/input.ts';
import { until } from '../../arena/host/wait.ts';
import { stopAll } from './cleanup.ts';
import { type Front, type Gateway, startGateway } from './gateway.ts';
import { HeldOpa } from './held-opa.ts';
import { policyYaml } from './policy-gateway.ts';
import { type Answer, call, type CallOptions } from './raw-client.ts';
import { ok, RecordingUpstream } from './recording-upstream.ts';
import { SlowIssuer } from './slow-issuer.ts';

export interface Parts {
  readonly issuer: SlowIssuer;
  readonly opa: HeldOpa;
  readonly upstream: RecordingUpstream;
  readonly gateway: Gateway;
}

export interface HeldPolicy extends Parts {
  /** One request on a connection of its own. */
  readonly ask: (line: string, options?: CallOptions) => Promise<Answer>;
  /** Resolves when somebody waits for the policy. */
  readonly isAsked: () => Promise<unknown>;
  /** Resolves when nothing is in flight. */
  readonly isIdle: () => Promise<unknown>;
  /** The body that the policy was shown last. */
  readonly shown: () => PolicyInput['request']['body'] | undefined;
}

export async function startHeld(front: Front): Promise<Parts> {
  const issuer = await SlowIssuer.start();
  const opa = await HeldOpa.start();
  const upstream = await RecordingUpstream.start();
  const yaml = policyYaml(upstream.url, issuer, `{ opa: { url: "${opa.url}" } }`);
  return { issuer, opa, upstream, gateway: await startGateway(yaml, { front }) };
}

/** Registers the hooks; every test starts with a policy that allows, and nobody held. */
export function heldPolicy(front: Front): HeldPolicy {
  let parts: Parts | null = null;
  const set = (): Parts => {
    if (parts === null) throw new Error('the stage is set in a before hook');
    return parts;
  };
  before(async () => {
    parts = await startHeld(front);
  });
  beforeEach(async () => {
    const { upstream, opa, issuer } = set();
    upstream.forget();
    upstream.answer = () => ok();
    opa.inputs.length = 0;
    opa.decide = () => true;
    await issuer.rotate();
  });
  afterEach(() => {
    set().issuer.release();
    set().opa.release();
  });
  after(() => stopAll(...Object.values(parts ?? {})));
  return {
    get issuer() {
      return set().issuer;
    },
    get opa() {
      return set().opa;
    },
    get upstream() {
      return set().upstream;
    },
    get gateway() {
      return set().gateway;
    },
    ask: (line, options = {}) => call(set().gateway.port, line, options),
    isAsked: () => until('the policy is asked', () => set().opa.waiting > 0),
    isIdle: () =>
      until('idle', async () => (await set().gateway.metric('stoa_exchanges_in_flight')) === 0),
    shown: () => set().opa.inputs.at(-1)?.request.body,
  };
}
