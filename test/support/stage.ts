/**
 * The usual stage of a whole-gateway test: one gateway in front of one recording upstream, for
 * the length of a `describe`.
 *
 * @module
 */

import { after, before, beforeEach } from 'node:test';

import { stopAll } from './cleanup.ts';
import { type Gateway, type GatewayOptions, startGateway } from './gateway.ts';
import { type Answer, call, type CallOptions } from './raw-client.ts';
import { type Answering, ok, RecordingUpstream } from './recording-upstream.ts';

export interface Stage {
  readonly gateway: Gateway;
  readonly upstream: RecordingUpstream;
  /** One request to the gateway, on a connection of its own. */
  readonly call: (line: string, options?: CallOptions) => Promise<Answer>;
}

/** An upstream named `up` at this address, with patience for a test and no more. */
export function upstreamYaml(url: string, timeouts = ''): string {
  return `
upstreams:
  up:
    endpoints: [{ url: "${url}" }]
    timeouts: { connectMs: 1000, responseMs: 10000, idleMs: 10000${timeouts} }
`;
}

function set<T>(value: T | null): T {
  if (value === null) throw new Error('the stage is set in a before hook');
  return value;
}

/** Registers the hooks that set the stage; every test starts with the upstream's plain answer. */
export function stage(
  yaml: (upstreamUrl: string) => string,
  options: GatewayOptions = {},
  answer: Answering = () => ok(),
): Stage {
  let gateway: Gateway | null = null;
  let upstream: RecordingUpstream | null = null;
  before(async () => {
    upstream = await RecordingUpstream.start(answer);
    gateway = await startGateway(yaml(upstream.url), options);
  });
  beforeEach(() => {
    if (upstream === null) return;
    upstream.answer = answer;
    upstream.forget();
  });
  after(async () => {
    await stopAll(gateway, upstream);
  });
  return {
    get gateway() {
      return set(gateway);
    },
    get upstream() {
      return set(upstream);
    },
    call: (line, callOptions) => call(set(gateway).port, line, callOptions),
  };
}
