/**
 * What a listener and a client agree on before the first byte of HTTP: certificate, version, protocol.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ConnectionOptions } from 'node:tls';

import { testPki } from '../support/pki.ts';
import { stage, upstreamYaml } from '../support/stage.ts';
import { callTls, connectTls, outcome, trusting } from '../support/tls-client.ts';

const pki = testPki();
const two = `certificates: [${pki.certificate('gw')}, ${pki.certificate('other')}]`;
const LISTENERS = [
  `tls: { ${two} }`,
  `tls: { ${two}, strictSni: true }`,
  pki.listener('minVersion: "1.3"'),
  `tls: { certificates: [${pki.certificate('old-server')}] }`,
];

function only(version: 'TLSv1.2' | 'TLSv1.3'): ConnectionOptions {
  return trusting(pki, { minVersion: version, maxVersion: version });
}

function offering(...protocols: string[]): ConnectionOptions {
  return trusting(pki, { ALPNProtocols: protocols });
}

describe('a listener with TLS', () => {
  const on = stage((url) => `${upstreamYaml(url)}routes: [{ name: all, upstream: up }]`, {
    listeners: LISTENERS,
  });
  const port = (at: number) => on.gateway.ports[at] ?? 0;

  /** The first name in the certificate that is shown. */
  async function shown(at: number, servername: string): Promise<string> {
    const socket = await connectTls(
      port(at),
      trusting(pki, { servername, checkServerIdentity: () => undefined }),
    );
    const { subjectaltname = '' } = socket.getPeerCertificate();
    socket.destroy();
    return /DNS:([^,]+)/.exec(subjectaltname)?.[1] ?? '';
  }

  // biome-ignore format: a table is read by column.
  const names = [
    { asked: 'gw.test',       gets: 'gw.test',    why: 'its own' },
    { asked: 'GW.Test',       gets: 'gw.test',    why: 'whatever the case' },
    { asked: 'a.gw.test',     gets: 'gw.test',    why: 'the wildcard’s' },
    { asked: 'other.test',    gets: 'other.test', why: 'the second' },
    { asked: 'a.b.gw.test',   gets: 'gw.test',    why: 'the first: a wildcard is one label' },
    { asked: 'nowhere.test',  gets: 'gw.test',    why: 'the first: nobody’s name' },
    { asked: '',              gets: 'gw.test',    why: 'the first: no name' },
  ];
  for (const { asked, gets, why } of names) {
    it(`shows ${why} to who asks for "${asked}"`, async () => {
      assert.equal(await shown(0, asked), gets);
    });
  }

  for (const [servername, what] of [
    ['other.test', 'answered'],
    ['a.gw.test', 'answered'],
    ['nowhere.test', 'UNRECOGNIZED_NAME'],
    ['', 'UNRECOGNIZED_NAME'],
  ] as const) {
    it(`with strictSni: "${servername}" is ${what}`, async () => {
      const reason = 'unknown_server_name';
      const before = await on.gateway.metric('stoa_tls_failures_total', { reason });
      const options = { servername, checkServerIdentity: () => undefined };
      assert.equal(await outcome(port(1), trusting(pki, options)), what);
      const after = await on.gateway.metric('stoa_tls_failures_total', { reason });
      assert.equal(after - before, what === 'answered' ? 0 : 1);
    });
  }

  it('speaks 1.2 and 1.3, and 1.3 alone where that is the least', async () => {
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const socket = await connectTls(port(0), only(version));
      assert.equal(socket.getProtocol(), version);
      socket.destroy();
    }
    assert.equal(await outcome(port(2), only('TLSv1.3')), 'answered');
    assert.equal(await outcome(port(2), only('TLSv1.2')), 'PROTOCOL_VERSION');
    assert.equal(await on.gateway.metric('stoa_tls_failures_total', { reason: 'incompatible' }), 1);
  });

  it('agrees on http/1.1 and refuses a client that speaks only h2', async () => {
    for (const offered of [['http/1.1'], ['h2', 'http/1.1']]) {
      const socket = await connectTls(port(0), offering(...offered));
      assert.equal(socket.alpnProtocol, 'http/1.1');
      socket.destroy();
    }
    assert.equal(await outcome(port(0), offering('h2')), 'NO_APPLICATION_PROTOCOL');
    const reason = 'no_common_protocol';
    assert.equal(await on.gateway.metric('stoa_tls_failures_total', { reason }), 1);
  });

  it('starts with a certificate that has expired, and leaves it to clients to refuse', async () => {
    const answer = await callTls(port(3), 'GET /', trusting(pki, { rejectUnauthorized: false }));
    assert.equal(answer.status, 200);
    assert.equal(await outcome(port(3), trusting(pki)), 'CERT_HAS_EXPIRED');
  });

  it('says in its log that a certificate has expired', () => {
    assert.match(on.gateway.output, /old-server\.crt.*expired/);
  });
});
