/**
 * A policy sees the certificate of a connection, and whom it stands for.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { after, before, describe, it } from 'node:test';

import { stopAll } from '../support/cleanup.ts';
import { type Gateway, startGateway } from '../support/gateway.ts';
import { HeldOpa } from '../support/held-opa.ts';
import { testPki } from '../support/pki.ts';
import { RecordingUpstream } from '../support/recording-upstream.ts';
import { upstreamYaml } from '../support/stage.ts';
import { callTls, showing, trusting } from '../support/tls-client.ts';

describe('a policy', () => {
  const pki = testPki();
  let opa: HeldOpa;
  let upstream: RecordingUpstream;
  let gateway: Gateway;
  before(async () => {
    opa = await HeldOpa.start();
    upstream = await RecordingUpstream.start();
    const yaml = `${upstreamYaml(upstream.url)}
consumers: { second: { tenant: acme, certificates: [{ commonName: second client }] } }
policies: { authz: { source: { opa: { url: "${opa.url}" } }, timeoutMs: 2000 } }
routes:
  - { name: known, match: { path: /known }, upstream: up, auth: { clientCertificate: true }, policy: authz }
  - { name: open, upstream: up, policy: authz }
`;
    gateway = await startGateway(yaml, { listeners: [pki.listener(pki.clientAuth('optional'))] });
  });
  after(() => stopAll(gateway, upstream, opa));

  it('sees the certificate that a client has shown', async () => {
    const own = new X509Certificate(pki.read('second.crt'));
    for (const path of ['/known', '/open']) {
      const answer = await callTls(gateway.port, `GET ${path}`, showing(pki, 'second'));
      assert.equal(answer.status, 200);
      const { client, consumer, tenant, request } = opa.inputs.at(-1) ?? {};
      assert.equal(request?.scheme, 'https');
      assert.match(client?.certificate?.subject ?? '', /CN=second client/);
      assert.equal(
        client?.certificate?.sha256,
        own.fingerprint256.replaceAll(':', '').toLowerCase(),
      );
      const expected = path === '/known' ? [{ name: 'second' }, 'acme'] : [null, null];
      assert.deepEqual([consumer, tenant], expected);
    }
  });

  it('sees none where none was shown', async () => {
    assert.equal((await callTls(gateway.port, 'GET /open', trusting(pki))).status, 200);
    assert.equal(opa.inputs.at(-1)?.client.certificate, null);
  });
});
