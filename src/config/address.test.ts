import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';

import { endpointUrlProblem, formatAddress, isNetwork, parseAddress } from './address.ts';

describe('addresses', () => {
  // biome-ignore format: a table is read by column.
  const cases = [
    { text: '127.0.0.1:8080',  address: { host: '127.0.0.1', port: 8080 } },
    { text: '[::1]:0',         address: { host: '::1', port: 0 } },
    { text: 'localhost:80',    address: { host: 'localhost', port: 80 } },
    { text: '127.0.0.1',       address: null },
    { text: '127.0.0.1:65536', address: null },
    { text: '300.0.0.1:80',    address: null },
    { text: '[::x]:80',        address: null },
    { text: '[1.2.3.4]:80',    address: null },
    { text: '::1:80',          address: null },
    { text: ':80',             address: null },
    { text: 'a b:80',          address: null },
  ];
  for (const { text, address } of cases) {
    it(`"${text}" is ${address === null ? 'refused' : 'taken apart'}`, () => {
      assert.deepEqual(parseAddress(text), address);
    });
  }

  it('are put together as they were', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.ipV4(),
          fc.ipV6().map((ip) => `[${ip}]`),
        ),
        fc.nat(65_535),
        (host, port) => {
          const address = parseAddress(`${host}:${port}`);
          assert.ok(address !== null);
          assert.equal(formatAddress(address), `${host}:${port}`);
        },
      ),
    );
  });
});

describe('URLs of endpoints', () => {
  for (const url of ['http://127.0.0.1:9000', 'http://backend', 'http://[::1]:80/']) {
    it(`takes ${url}`, () => assert.equal(endpointUrlProblem(url), null));
  }

  // biome-ignore format: a table is read by column.
  const refused = [
    { url: 'https://backend',       message: /https:\/\/ .* not supported/ },
    { url: 'ftp://backend',         message: /expected the scheme/ },
    { url: 'http://u:secret@b',     message: /user name or password/ },
    { url: 'http://backend:0',      message: /port 0/ },
    { url: 'http://backend/api',    message: /only scheme, host and port/ },
    { url: 'http://backend/?a=1',   message: /only scheme, host and port/ },
    { url: 'http://backend/#',      message: /only scheme, host and port/ },
    { url: 'backend:9000',          message: /expected the scheme/ },
    { url: 'backend',               message: /not a URL/ },
    { url: 'http://',               message: /not a URL/ },
  ];
  for (const { url, message } of refused) {
    it(`refuses ${url} and does not repeat it`, () => {
      const problem = endpointUrlProblem(url) ?? '';
      assert.match(problem, message);
      assert.doesNotMatch(problem, /secret/);
    });
  }
});

it('knows networks', () => {
  for (const text of ['10.0.0.0/8', '::/0', '192.0.2.1']) assert.ok(isNetwork(text), text);
  for (const text of ['10.0.0.0/33', '::/129', 'host', '10.0.0/8', '']) {
    assert.ok(!isNetwork(text), text);
  }
});
