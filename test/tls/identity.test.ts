/**
 * Whom a client certificate stands for, and what the upstream is told of it.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { describe, it } from 'node:test';

import { testPki } from '../support/pki.ts';
import { call, type CallOptions } from '../support/raw-client.ts';
import { stage, upstreamYaml } from '../support/stage.ts';
import { callTls, showing, trusting } from '../support/tls-client.ts';

const pki = testPki();
const SHOWN = 'x-forwarded-client-cert';
const FORGED = { [SHOWN]: 'Hash=00;Subject="CN=admin"', x_forwarded_client_cert: 'Hash=01' };

const HEADERS = `request: { headers: { set: { x-consumer: "\${consumer}", x-tenant: "\${tenant}", x-thumb: "\${certificateThumbprint}" } } }`;
const yaml = (url: string) => `${upstreamYaml(url)}
consumers:
  shop:
    tenant: acme
    certificates: [{ spiffe: "spiffe://clients.test/ns/shop/*", dns: good.clients.test, email: good@clients.test }]
    apiKeys: [{ value: shop-key }]
  second: { tenant: acme, certificates: [{ commonName: second client }], apiKeys: [{ value: second-key }] }
  hash: { certificates: [{ sha256: "${fingerprint('no-usage')}" }] }
  two: { certificates: [{ uri: "spiffe://clients.test/second" }] }
  keyed: { apiKeys: [{ value: good-key }] }
routes:
  - { name: certificate, match: { path: /certificate }, upstream: up, auth: { clientCertificate: true }, ${HEADERS} }
  - { name: either, match: { path: /either }, upstream: up, auth: { clientCertificate: true, apiKey: { header: x-api-key } }, ${HEADERS} }
  - { name: limited, match: { path: /limited }, upstream: up, auth: { clientCertificate: true }, rateLimit: { by: consumer, requests: 2, windowMs: 3600000 } }
  - { name: shared, match: { path: /shared }, upstream: up, auth: { clientCertificate: true }, rateLimit: { by: tenant, requests: 2, windowMs: 3600000 } }
  - { name: open, upstream: up, ${HEADERS} }
`;

function fingerprint(name: string): string {
  return certificateOf(name).fingerprint256.replaceAll(':', '').toLowerCase();
}

function certificateOf(name: string): X509Certificate {
  return new X509Certificate(pki.read(`${name}.crt`));
}

describe('a client certificate', () => {
  const on = stage(yaml, {
    listeners: [
      pki.listener(pki.clientAuth('optional')),
      pki.listener(pki.clientAuth('optional', 'forward: false')),
      pki.listener(),
      'front: native',
      'front: uws',
    ],
  });
  const port = (at: number) => on.gateway.ports[at] ?? 0;

  /** Asks the first listener as the owner of this certificate, or of none. */
  function as(name: string | null, line: string, options: CallOptions = {}) {
    const connection = name === null ? trusting(pki) : showing(pki, name);
    return callTls(port(0), line, connection, options);
  }

  /** The values of a field in what reached the upstream. */
  function told(field: string): string[] {
    const { fields } = on.upstream.last;
    return fields.filter(({ name }) => name.toLowerCase() === field).map(({ value }) => value);
  }

  // biome-ignore format: a table is read by column.
  const owners = [
    { shows: 'good',     consumer: 'shop',   tenant: 'acme', by: 'SPIFFE ID, DNS name and mail address together' },
    { shows: 'second',   consumer: 'second', tenant: 'acme', by: 'common name' },
    { shows: 'no-usage', consumer: 'hash',   tenant: 'hash', by: 'SHA-256' },
    { shows: 'two-uris', consumer: 'two',    tenant: 'two',  by: 'URI, the second of two' },
  ];
  for (const { shows, consumer, tenant, by } of owners) {
    it(`is a consumer's by ${by}`, async () => {
      assert.equal((await as(shows, 'GET /certificate')).status, 200);
      assert.deepEqual([told('x-consumer'), told('x-tenant')], [[consumer], [tenant]]);
      const digest = Buffer.from(fingerprint(shows), 'hex').toString('base64url');
      assert.deepEqual(told('x-thumb'), [digest]);
    });
  }

  it('that is missing or nobody’s is 403, each with its code', async () => {
    for (const [name, code] of [
      [null, 'client_certificate_required'],
      ['nobody', 'client_certificate_unknown'],
    ] as const) {
      const answer = await as(name, 'GET /certificate');
      assert.deepEqual([answer.status, answer.problem], [403, code]);
      assert.equal(answer.header('www-authenticate'), null);
    }
    assert.equal(on.upstream.requests.length, 0);
  });

  it('is missing, too, where the listener does not ask for it', async () => {
    const answer = await callTls(port(2), 'GET /certificate', showing(pki, 'good'));
    assert.deepEqual([answer.status, answer.problem], [403, 'client_certificate_required']);
    for (const plain of [3, 4]) {
      const { problem } = await call(port(plain), 'GET /certificate', { headers: FORGED });
      assert.equal(problem, 'client_certificate_required');
    }
  });

  it('counts before a key, and a key where it is missing or nobody’s', async () => {
    const headers = { 'x-api-key': 'good-key' };
    for (const [name, sent, status, consumer] of [
      ['good', {}, 200, 'shop'],
      ['good', headers, 200, 'shop'],
      ['good', { 'x-api-key': 'wrong' }, 200, 'shop'],
      [null, headers, 200, 'keyed'],
      ['nobody', headers, 200, 'keyed'],
      [null, {}, 401, null],
      ['nobody', { 'x-api-key': 'wrong' }, 401, null],
    ] as const) {
      on.upstream.forget();
      const answer = await as(name, 'GET /either', { headers: sent });
      assert.equal(answer.status, status, `${name} ${JSON.stringify(sent)}`);
      if (consumer !== null) {
        assert.deepEqual(told('x-consumer'), [consumer]);
        assert.deepEqual(told('x-api-key'), [], 'the key stays here');
      } else {
        assert.match(answer.header('www-authenticate') ?? '', /ApiKey/i);
      }
    }
  });

  async function statuses(name: string): Promise<number[]> {
    const seen: number[] = [];
    for (let count = 0; count < 3; count++) seen.push((await as(name, 'GET /limited')).status);
    return seen;
  }

  it('has its consumer’s limit, on whatever connection', async () => {
    assert.deepEqual(await statuses('good'), [200, 200, 429]);
    assert.deepEqual(await statuses('second'), [200, 200, 429]);
  });

  it('has its tenant’s limit, which two consumers share', async () => {
    const seen: number[] = [];
    for (const name of ['good', 'second', 'good'])
      seen.push((await as(name, 'GET /shared')).status);
    assert.deepEqual(seen, [200, 200, 429]);
    assert.equal((await as('two-uris', 'GET /shared')).status, 200);
  });

  it('is told to the upstream, in the form that Envoy writes', async () => {
    await as('good', 'GET /certificate');
    assert.deepEqual(told(SHOWN), [
      `By=spiffe://gw.test/gateway;Hash=${fingerprint('good')};Subject="CN=good client";URI=spiffe://clients.test/ns/shop/sa/good;DNS=good.clients.test`,
    ]);
    await as('two-uris', 'GET /');
    assert.deepEqual(told(SHOWN), [
      `By=spiffe://gw.test/gateway;Hash=${fingerprint('two-uris')};Subject="CN=two uris";URI=spiffe://clients.test/first;URI=spiffe://clients.test/second`,
    ]);
  });

  it('is told on routes that ask for none, and not where forward is off', async () => {
    await as('nobody', 'GET /');
    assert.match(told(SHOWN)[0] ?? '', /Subject="CN=nobody's client"/);
    await callTls(port(1), 'GET /certificate', showing(pki, 'good'), { headers: FORGED });
    assert.deepEqual([told(SHOWN), told('x-consumer')], [[], ['shop']]);
  });

  it('cannot be forged in a field: what clients send under its name is dropped everywhere', async () => {
    const headers = FORGED;
    await as('good', 'GET /', { headers });
    assert.equal(told(SHOWN).length, 1);
    assert.match(told(SHOWN)[0] ?? '', new RegExp(`Hash=${fingerprint('good')}`));
    assert.deepEqual(told('x_forwarded_client_cert'), []);
    const asks = [
      () => as(null, 'GET /', { headers }),
      () => callTls(port(2), 'GET /', trusting(pki), { headers }),
      () => call(port(3), 'GET /', { headers }),
      () => call(port(4), 'GET /', { headers }),
    ];
    for (const ask of asks) {
      on.upstream.forget();
      assert.equal((await ask()).status, 200);
      assert.deepEqual([told(SHOWN), told('x_forwarded_client_cert')], [[], []]);
      assert.deepEqual(told('x-thumb').join(''), '');
    }
  });

  it('is each connection’s own, also while others are open', async () => {
    const names = ['good', 'second', 'no-usage', 'two-uris'];
    for (let round = 0; round < 3; round++) {
      const answers = await Promise.all(names.map((name) => as(name, 'GET /certificate')));
      assert.deepEqual(
        answers.map(({ status }) => status),
        [200, 200, 200, 200],
      );
    }
    const seen = on.upstream.requests.map(({ fields }) => ({
      hash: /Hash=(\w+)/.exec(fields.find(({ name }) => name === SHOWN)?.value ?? '')?.[1],
      consumer: fields.find(({ name }) => name === 'x-consumer')?.value,
    }));
    assert.equal(seen.length, 12);
    for (const { shows, consumer } of owners) {
      assert.equal(seen.filter((one) => one.hash === fingerprint(shows)).length, 3);
      const mixed = seen.filter(
        (one) => one.hash === fingerprint(shows) && one.consumer !== consumer,
      );
      assert.deepEqual(mixed, []);
    }
  });
});

describe('where peers are trusted proxies', () => {
  const on = stage(
    (url) => `${upstreamYaml(url)}
forwarded: { trustedProxies: [127.0.0.0/8] }
consumers:
  zed: { certificates: [{ commonName: good client }] }
  alpha: { certificates: [{ dns: good.clients.test }] }
routes:
  - { name: open, match: { path: /open }, upstream: up }
  - { name: all, upstream: up, auth: { clientCertificate: true }, request: { headers: { set: { x-consumer: "\${consumer}" } } } }
`,
    { listeners: [pki.listener(pki.clientAuth('required')), 'front: native', 'front: uws'] },
  );

  it('not even they say whose certificate was shown', async () => {
    for (const port of on.gateway.ports.slice(1)) {
      await call(port, 'GET /open', { headers: { ...FORGED, 'x-forwarded-for': '203.0.113.1' } });
      const names = on.upstream.last.fields.map(({ name }) => name.toLowerCase());
      assert.deepEqual(
        names.filter((name) => /client.cert/.test(name)),
        [],
      );
    }
  });

  it('of two consumers whose rules fit one certificate the first in the file has it', async () => {
    await callTls(on.gateway.port, 'GET /', showing(pki, 'good'));
    const field = on.upstream.last.fields.find(({ name }) => name === 'x-consumer');
    assert.equal(field?.value, 'zed');
  });
});
