/**
 * Connections that begin with a PROXY preamble: who they are from is whom it names, wherever that
 * counts. Source: https://www.haproxy.org/download/1.8/doc/proxy-protocol.txt §2.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { connect as connectTls } from 'node:tls';

import { testPki } from '../support/pki.ts';
import { type Answer, callOn, RawClient, requestBytes } from '../support/raw-client.ts';
import { stage, upstreamYaml } from '../support/stage.ts';
import { trusting } from '../support/tls-client.ts';
import { sleep, until } from '../../arena/host/wait.ts';

const pki = testPki();
const HEAD_MS = 600;
const FROM = 'proxyProtocol: { from: ["127.0.0.1"] }';
const BOUNDS = `connections: { headMs: ${HEAD_MS}, idleMs: 3000, perAddressMax: 3 }`;
const LOG = join(pki.directory, 'access.log');

const SIGNATURE = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');

/** A version 2 preamble. `command` is 1 for PROXY, 0 for LOCAL. */
function binary(command: number, family: number, rest: Buffer): Buffer {
  const head = Buffer.from([0x20 | command, family, rest.length >> 8, rest.length & 0xff]);
  return Buffer.concat([SIGNATURE, head, rest]);
}

const TO = Buffer.from([192, 0, 2, 1]);
const PORTS = Buffer.from([0x13, 0x88, 0x01, 0xbb]);

function binaryFrom(...address: number[]): Buffer {
  return binary(1, 0x11, Buffer.concat([Buffer.from(address), TO, PORTS]));
}

function textFrom(address: string): string {
  return `PROXY TCP4 ${address} 192.0.2.1 5000 443\r\n`;
}

const OVER_V6 = binary(
  1,
  0x21,
  Buffer.concat([Buffer.from('20010db8000000000000000000000007', 'hex'), Buffer.alloc(16), PORTS]),
);
const WITH_EXTENSIONS = binary(
  1,
  0x11,
  Buffer.concat([
    Buffer.from([203, 0, 113, 9]),
    TO,
    PORTS,
    Buffer.from([0x02, 0x00, 0x07]),
    Buffer.from('gw.test'),
  ]),
);

const on = stage(
  (url) => `
accessLog: { output: "${LOG}" }
${upstreamYaml(url)}
routes:
  - { name: limited, match: { path: /limited }, upstream: up, rateLimit: { by: clientIp, requests: 2, windowMs: 3600000 } }
  - { name: all, upstream: up, request: { headers: { set: { x-client: "\${clientIp}" } } } }
`,
  {
    listeners: [
      `front: native, ${FROM}, ${BOUNDS}`,
      pki.listener('', `${FROM}, ${BOUNDS}`),
      `front: native, proxyProtocol: { from: ["10.0.0.0/8"] }, ${BOUNDS}`,
      `front: native, ${FROM}, connections: { headMs: 300, idleMs: 5000 }`,
    ],
  },
);
const port = (at: number) => on.gateway.ports[at] ?? 0;
const open = new Set<RawClient>();
after(() => {
  for (const client of open) client.close();
});

async function opened(at = 0): Promise<RawClient> {
  const client = await RawClient.open(port(at));
  open.add(client);
  return client;
}

async function called(preamble: string | Buffer, line = 'GET /', at = 0): Promise<Answer> {
  const client = await opened(at);
  client.send(preamble);
  const answer = await callOn(client, line);
  client.close();
  return answer;
}

/** The values of a field in what reached the upstream last. */
function told(field: string): string[] {
  const { fields } = on.upstream.last;
  return fields.filter(({ name }) => name.toLowerCase() === field).map(({ value }) => value);
}

async function isClosed(client: RawClient, timeoutMs = 3000): Promise<boolean> {
  return (await client.read(({ closed }) => closed, { timeoutMs })).closed;
}

describe('a PROXY preamble', () => {
  // biome-ignore format: a table is read by column.
  const cases = [
    { what: 'version 1',                     preamble: textFrom('203.0.113.7'),                       from: '203.0.113.7' },
    { what: 'version 1 over IPv6',           preamble: 'PROXY TCP6 2001:db8::7 2001:db8::1 5 443\r\n', from: '2001:db8::7' },
    { what: 'version 1 that does not say',   preamble: 'PROXY UNKNOWN\r\n',                           from: '127.0.0.1' },
    { what: 'version 2',                     preamble: binaryFrom(203, 0, 113, 8),                    from: '203.0.113.8' },
    { what: 'version 2 over IPv6',           preamble: OVER_V6,                                       from: '2001:db8::7' },
    { what: 'version 2 with extensions',     preamble: WITH_EXTENSIONS,                               from: '203.0.113.9' },
    { what: 'version 2 for itself (LOCAL)',  preamble: binary(0, 0, Buffer.alloc(0)),                 from: '127.0.0.1' },
    { what: 'LOCAL with an address',         preamble: binary(0, 0x11, Buffer.concat([Buffer.from([9, 9, 9, 9]), TO, PORTS])), from: '127.0.0.1' },
  ] as const;
  for (const { what, preamble, from } of cases) {
    it(`${what}: the connection is from ${from}`, async () => {
      assert.equal((await called(preamble)).status, 200);
      assert.deepEqual([told('x-forwarded-for'), told('x-client')], [[from], [from]]);
      const whole = on.upstream.connections.at(-1)?.received.toString('latin1') ?? '';
      assert.doesNotMatch(whole, /PROXY|QUIT/);
    });
  }

  it('and what a client says of itself are two things', async () => {
    const client = await opened();
    client.send(textFrom('203.0.113.7'));
    await callOn(client, 'GET /', { headers: { 'x-forwarded-for': '198.51.100.1' } });
    assert.deepEqual(told('x-forwarded-for'), ['203.0.113.7']);
    client.close();
  });

  for (const [what, preamble] of [
    ['version 1', Buffer.from(textFrom('203.0.113.10'))],
    ['version 2', binaryFrom(203, 0, 113, 10)],
  ] as const) {
    it(`may come byte by byte, and with the request at its heels (${what})`, async () => {
      const slow = await opened();
      for (const byte of preamble) {
        slow.send(Buffer.from([byte]));
        await sleep(2);
      }
      assert.equal((await callOn(slow, 'GET /slow')).status, 200);
      assert.deepEqual(told('x-client'), ['203.0.113.10']);
      slow.close();

      const request = requestBytes('POST /fast', { body: 'hello' });
      for (const cut of [preamble.length - 1, preamble.length, preamble.length + 7]) {
        const fast = await opened();
        const bytes = Buffer.concat([preamble, request, requestBytes('GET /behind')]);
        fast.send(bytes.subarray(0, cut));
        await sleep(20);
        fast.send(bytes.subarray(cut));
        const seen = await fast.read(({ responses }) => responses.length === 2);
        assert.deepEqual(
          seen.responses.map(({ status }) => status),
          [200, 200],
          `cut at ${cut}`,
        );
        fast.close();
      }
    });
  }

  it('comes once: a second one is a broken request', async () => {
    const client = await opened();
    client.send(`${textFrom('203.0.113.7')}${textFrom('203.0.113.8')}`);
    client.send(requestBytes('GET /'));
    const seen = await client.read(({ closed }) => closed, { timeoutMs: 3000 });
    assert.equal(seen.responses[0]?.status, 400);
    assert.equal(on.upstream.requests.length, 0);
  });

  it('is counted by limits on addresses', async () => {
    const statuses: number[] = [];
    for (const last of [20, 20, 21, 20, 21, 21]) {
      statuses.push((await called(textFrom(`203.0.113.${last}`), 'GET /limited')).status);
    }
    assert.deepEqual(statuses, [200, 200, 200, 429, 200, 429]);
  });

  it('names the client in the access log', async () => {
    await called(textFrom('203.0.113.30'), 'GET /logged');
    const line = await until('it is logged', () =>
      readFileSync(LOG, 'utf8')
        .split('\n')
        .find((text) => text.includes('/logged')),
    );
    assert.equal((JSON.parse(line) as { clientIp: string }).clientIp, '203.0.113.30');
  });

  it('goes before TLS', async () => {
    const socket = await encrypted(port(1), textFrom('203.0.113.40'));
    const client = RawClient.on(socket);
    open.add(client);
    assert.equal((await callOn(client, 'GET /')).status, 200);
    assert.deepEqual([told('x-client'), told('x-forwarded-proto')], [['203.0.113.40'], ['https']]);
    client.close();
  });

  it('counts connections by the address it names', async () => {
    const held: RawClient[] = [];
    const hold = async (address: string) => {
      const client = await opened();
      client.send(textFrom(address));
      held.push(client);
      return client;
    };
    for (let count = 0; count < 3; count++) {
      assert.equal((await callOn(await hold('203.0.113.50'), 'GET /')).status, 200);
    }
    assert.ok(await isClosed(await hold('203.0.113.50')), 'the fourth of one address');
    assert.equal((await callOn(await hold('203.0.113.51'), 'GET /')).status, 200, 'of another');
    held[0]?.close();
    await until('there is room again', async () => {
      const client = await hold('203.0.113.50');
      return callOn(client, 'GET /', { timeoutMs: 500 }).then(
        ({ status }) => status === 200,
        () => false,
      );
    });
    for (const client of held) client.close();
  });
});

describe('without a good preamble', () => {
  it('a stranger is closed before a byte is read', async () => {
    const before = await on.gateway.metric('stoa_downstream_connections_refused_total');
    const client = await opened(2);
    client.send(textFrom('10.0.0.1'));
    client.send(requestBytes('GET /'));
    assert.ok(await isClosed(client));
    assert.equal(client.seen().bytes.length, 0);
    const refused = await on.gateway.metric('stoa_downstream_connections_refused_total');
    assert.equal(refused - before, 1);
    assert.equal(on.upstream.requests.length, 0);
  });

  // biome-ignore format: a table is read by column.
  const broken = [
    { what: 'a request',              bytes: requestBytes('GET /') },
    { what: 'garbage',                bytes: Buffer.from('\x00\xff\x00\xff', 'latin1') },
    { what: 'a signature cut short',  bytes: Buffer.concat([SIGNATURE.subarray(0, 6), Buffer.from('GET / HTTP/1.1')]) },
    { what: 'an address that is none', bytes: Buffer.from('PROXY TCP4 1.2.3 192.0.2.1 5 6\r\n') },
    { what: 'a line too long',        bytes: Buffer.from(`PROXY UNKNOWN ${'x'.repeat(200)}\r\n`) },
    { what: 'version 3',              bytes: Buffer.concat([SIGNATURE, Buffer.from([0x31, 0x11, 0, 0])]) },
    { what: 'a length too short',     bytes: binary(1, 0x11, Buffer.from([1, 2])) },
    { what: 'a length of 65535',      bytes: Buffer.concat([SIGNATURE, Buffer.from([0x21, 0x11, 0xff, 0xff])]) },
  ];
  for (const { what, bytes } of broken) {
    it(`${what} ends the connection, without an answer`, async () => {
      const client = await opened();
      client.send(bytes);
      assert.ok(await isClosed(client, HEAD_MS - 200), 'not before the time is up');
      assert.equal(client.seen().bytes.length, 0);
      assert.equal(on.upstream.requests.length, 0);
    });
  }

  it('who says nothing, or begins one and stops, is closed after headMs, in silence', async () => {
    for (const beginning of ['', 'PROXY TCP4 1.2', SIGNATURE]) {
      const since = Date.now();
      const client = await opened();
      client.send(beginning);
      assert.ok(await isClosed(client));
      const took = Date.now() - since;
      assert.ok(took >= HEAD_MS - 100 && took < HEAD_MS + 1000, `${took} ms`);
      assert.equal(client.seen().bytes.length, 0, JSON.stringify(beginning));
    }
  });

  it('with TLS it is the same, but for an alert', async () => {
    for (const beginning of ['', 'PROXY TCP4 1.2', '\x16\x03\x01']) {
      const client = await opened(1);
      client.send(beginning);
      assert.ok(await isClosed(client));
      assert.ok([undefined, 21].includes(client.seen().bytes[0]), JSON.stringify(beginning));
    }
  });
});

describe('behind a good preamble', () => {
  it('the first request has as long to come as the next ones have: idleMs', async () => {
    const client = await opened(3);
    client.send(textFrom('203.0.113.60'));
    await sleep(1000);
    assert.equal((await callOn(client, 'GET /')).status, 200);
    client.close();
  });
});

/** TLS on a connection whose first bytes are these. */
function encrypted(to: number, preamble: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port: to, host: '127.0.0.1' });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.write(preamble);
      const secure = connectTls({ socket, ...trusting(pki) }, () => resolve(secure));
      secure.once('error', reject);
    });
  });
}
