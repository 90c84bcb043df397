/**
 * Sessions are resumed by tickets that every worker can read, and never past what a listener asks
 * of clients.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { SecureVersion, TLSSocket } from 'node:tls';

import type { Gateway } from '../support/gateway.ts';
import { testPki } from '../support/pki.ts';
import { type Answer, callOn, RawClient } from '../support/raw-client.ts';
import { stage, upstreamYaml } from '../support/stage.ts';
import { connectTls, showing, trusting } from '../support/tls-client.ts';
import { until } from '../../arena/host/wait.ts';

const VERSIONS = ['TLSv1.2', 'TLSv1.3'] as const satisfies readonly SecureVersion[];
const pki = testPki();
const yaml = (url: string) => `${upstreamYaml(url)}
consumers: { good: { certificates: [{ commonName: good client }] } }
routes:
  - { name: known, match: { path: /known }, upstream: up, auth: { clientCertificate: true }, request: { headers: { set: { x-consumer: "\${consumer}" } } } }
  - { name: all, upstream: up }
`;

interface Visit {
  readonly resumed: boolean;
  readonly session: Buffer;
  /** What of it the gateway has made. */
  readonly ticket: Buffer;
  readonly answer: Answer;
}

/** Connects, asks once, and keeps the ticket: with TLS 1.3 it comes behind the handshake. */
async function visit(
  port: number,
  version: SecureVersion,
  { session, as, path = '/' }: { session?: Buffer; as?: string; path?: string } = {},
): Promise<Visit> {
  const more = { minVersion: version, maxVersion: version, ...(session && { session }) };
  const options = as === undefined ? trusting(pki, more) : showing(pki, as, more);
  const socket: TLSSocket = await connectTls(port, options);
  let latest: Buffer | undefined = socket.getSession();
  socket.on('session', (ticket: Buffer) => {
    latest = ticket;
  });
  const answer = await callOn(RawClient.on(socket), `GET ${path}`);
  latest = version === 'TLSv1.2' ? socket.getSession() : latest;
  const resumed = socket.isSessionReused();
  const ticket = socket.getTLSTicket() ?? Buffer.alloc(0);
  socket.destroy();
  assert.ok(latest, 'there was no ticket');
  return { resumed, session: latest, ticket, answer };
}

function handshakes(gateway: Gateway, kind: string): Promise<number> {
  return gateway.metric('stoa_tls_handshakes_total', { kind });
}

describe('a ticket', () => {
  const on = stage(yaml, {
    listeners: [
      pki.listener(),
      pki.listener(pki.clientAuth('optional')),
      pki.listener(pki.clientAuth('optional', '', 'other-ca')),
      pki.listener(pki.clientAuth('optional')),
    ],
  });
  const port = (at: number) => on.gateway.ports[at] ?? 0;

  for (const version of VERSIONS) {
    it(`resumes a session in one worker, and is counted (${version})`, async () => {
      const first = await visit(port(0), version);
      assert.equal(first.resumed, false);
      const before = await handshakes(on.gateway, 'resumed');
      const second = await visit(port(0), version, { session: first.session });
      assert.equal(second.resumed, true);
      assert.equal(await handshakes(on.gateway, 'resumed'), before + 1);
    });

    it(`brings the client's certificate back (${version})`, async () => {
      const first = await visit(port(1), version, { as: 'good', path: '/known' });
      assert.equal(first.answer.status, 200);
      const second = await visit(port(1), version, {
        as: 'good',
        path: '/known',
        session: first.session,
      });
      assert.deepEqual([second.resumed, second.answer.status], [true, 200]);
      const { fields } = on.upstream.last;
      assert.equal(fields.find(({ name }) => name === 'x-consumer')?.value, 'good');
      assert.ok(fields.some(({ name }) => name === 'x-forwarded-client-cert'));
    });

    it(`is not good where other authorities are believed (${version})`, async () => {
      const { session } = await visit(port(1), version);
      assert.equal((await visit(port(3), version, { session })).resumed, true, 'the same ones');
      assert.equal((await visit(port(2), version, { session })).resumed, false, 'another one');
      assert.equal((await visit(port(0), version, { session })).resumed, false, 'none');
      const open = await visit(port(0), version);
      const entered = await visit(port(1), version, { session: open.session });
      assert.equal(entered.resumed, false, 'from none to some');
    });
  }

  it('that was tampered with is a full handshake, not an error', async () => {
    const { session, ticket } = await visit(port(0), 'TLSv1.2');
    const at = session.indexOf(ticket);
    assert.ok(at > 0 && ticket.length > 100, 'the session holds its ticket');
    for (const offset of [0, 20, ticket.length >> 1, ticket.length - 1]) {
      const broken = Buffer.from(session);
      broken[at + offset] = (broken[at + offset] ?? 0) ^ 1;
      const second = await visit(port(0), 'TLSv1.2', { session: broken });
      assert.deepEqual([second.resumed, second.answer.status], [false, 200], `byte ${offset}`);
    }
    assert.equal((await visit(port(0), 'TLSv1.2', { session })).resumed, true);
  });
});

describe('over two workers', () => {
  const CONNECTIONS = 40;
  const on = stage(yaml, { workers: 2, listeners: [pki.listener()] });

  for (const version of VERSIONS) {
    it(`a ticket of one resumes in either (${version})`, async () => {
      const { session } = await visit(on.gateway.port, version);
      const before = await handshakes(on.gateway, 'resumed');
      const full = await handshakes(on.gateway, 'full');
      // The kernel spreads connections by port: that all of 40 meet one worker has odds of 2⁻³⁹.
      for (let count = 0; count < CONNECTIONS; count++) {
        assert.equal((await visit(on.gateway.port, version, { session })).resumed, true);
      }
      assert.equal((await handshakes(on.gateway, 'resumed')) - before, CONNECTIONS);
      assert.equal(await handshakes(on.gateway, 'full'), full);
    });
  }

  it('a replacement reads the tickets of before', async () => {
    const { session } = await visit(on.gateway.port, 'TLSv1.3');
    const before = new Set([on.gateway.killWorker(1), on.gateway.killWorker(0)]);
    await until('both are replaced', () => {
      const now = on.gateway.workers();
      return now.length === 2 && !now.some((pid) => before.has(pid));
    });
    await on.gateway.whenReady();
    assert.equal((await visit(on.gateway.port, 'TLSv1.3', { session })).resumed, true);
  });
});
