/**
 * What becomes of a request whose stage fails: a problem, and nothing that hangs or gets through.
 *
 * The worker is this process, so that the stage is one that does what real ones must never do.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { parseConfig } from '../../src/config/load.ts';
import type { Authentication, Authenticator } from '../../src/identity/authenticate.ts';
import type { Listener } from '../../src/listener/listener.ts';
import { listenNatively } from '../../src/listener/native.ts';
import { listen } from '../../src/listener/uws.ts';
import { createSegment, openWorker } from '../../src/native/addon.ts';
import { answerQuestions } from '../../src/stages/stages.ts';
import { freePort } from '../../arena/host/ports.ts';
import { type Answer, call } from '../support/raw-client.ts';
import { RecordingUpstream } from '../support/recording-upstream.ts';
import { until } from '../../arena/host/wait.ts';

const ISSUER = '{ issuer: "https://idp.test", jwksUrl: "https://idp.test/jwks", audiences: [gw] }';
const CALLER = { consumer: 'shop', tenant: 'acme', plan: null, scopes: [] };

const accepted = (headers: readonly (readonly [string, string])[]): Authentication => ({
  kind: 'accepted',
  identity: { ...CALLER, headers },
  claims: {},
  token: { issuer: 'https://idp.test', tokenId: '', subject: 'shop' },
  rememberUntilMs: null,
});

function ask(port: number): Promise<Answer> {
  return call(port, 'POST /', { body: 'x', headers: { Authorization: 'Bearer abc' } });
}

describe('a stage that fails', () => {
  let upstream: RecordingUpstream;
  const listeners: Listener[] = [];
  const ports: number[] = [];
  const lines: string[] = [];
  let authenticate: Authenticator['authenticate'];

  before(async () => {
    upstream = await RecordingUpstream.start();
    ports.push(await freePort(), await freePort());
    const [uws = 0, native = 0] = ports;
    const text = `version: 1
workers: 1
listeners:
  - { address: "127.0.0.1:${uws}", front: uws }
  - { address: "127.0.0.1:${native}", front: native }
limits: { decisionMs: 500 }
upstreams: { up: { endpoints: [{ url: "${upstream.url}" }] } }
identity: { issuers: { idp: ${ISSUER} } }
routes: [{ name: all, upstream: up, auth: { jwt: { headers: { x-user: sub } } } }]
`;
    const loaded = parseConfig(text, { file: 'failing.yaml', baseDir: '/', env: {} });
    assert.ok(loaded.ok, JSON.stringify(loaded));
    const { model } = loaded;
    const modelJson = JSON.stringify(model);
    const core = openWorker({ segmentFd: createSegment(modelJson), index: 0, modelJson });
    answerQuestions(core, {
      model,
      authenticator: {
        authenticate: (route, request) => authenticate(route, request),
        close: () => Promise.resolve(),
      },
      passwords: { verify: () => null },
      policies: { asks: () => false, decide: () => Promise.reject(new Error('none')) },
      log: (_level, event) => lines.push(event),
    });
    core.setEndpointAddresses('up', 0, ['127.0.0.1']);
    const [first, second] = model.listeners.map((_, at) => ({
      host: '127.0.0.1',
      port: ports[at] ?? 0,
    }));
    assert.ok(first && second);
    listeners.push(listen(core, 0, first), listenNatively(core, 1, second));
  });
  after(async () => {
    for (const listener of listeners) {
      listener.stopAccepting();
      await listener.drain(1000);
      listener.close();
    }
    await upstream.stop();
  });

  // biome-ignore format: one a line.
  const FAILURES: readonly (readonly [string, Authenticator['authenticate']])[] = [
    ['rejects', () => Promise.reject(new Error('no'))],
    ['throws', () => { throw new Error('no'); }],
    ['sends a header that the route does not set aside', async () => accepted([['x-admin', 'yes']])],
    ['sends a header of two lines', async () => accepted([['x-user', 'a\r\nx-admin: yes']])],
    ['sends too many headers', async () => accepted(Array.from({ length: 65 }, () => ['x-user', 'a']))],
    ['sends too much', async () => accepted([['x-user', 'a'.repeat(40_000)]])],
  ];

  for (const [what, failing] of FAILURES) {
    it(`refuses when it ${what}`, async () => {
      authenticate = failing;
      for (const port of ports) {
        const answer = await ask(port);
        assert.equal(answer.status, 503);
        assert.equal(answer.problem, 'decision_failed');
      }
      assert.equal(upstream.requests.length, 0);
    });
  }

  it('is written to the log, once a second at most', async () => {
    authenticate = () => Promise.reject(new Error('no'));
    await until('a second later', async () => {
      await ask(ports[0] ?? 0);
      return lines.length > 1;
    });
    assert.ok(lines.length < 6, lines.join(' '));
    assert.ok(lines.every((event) => event === 'stage_failed'));
  });

  it('refuses when it never answers', async () => {
    authenticate = () => new Promise(() => {});
    for (const port of ports) assert.equal((await ask(port)).problem, 'decision_timeout');
    assert.equal(upstream.requests.length, 0);
  });

  it('answers at once when its word comes while nothing else happens', async () => {
    authenticate = () =>
      new Promise((resolve) => setTimeout(() => setImmediate(() => resolve(accepted([]))), 20));
    for (const port of ports) assert.equal((await ask(port)).status, 200);
    assert.equal(upstream.requests.length, 2);
  });
});
