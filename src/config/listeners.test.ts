/**
 * Listeners: what a front may be told, and what flags and the environment change about the first.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { parseConfig } from './load.ts';
import type { Overrides } from './overrides.ts';
import { formatProblem } from './problem.ts';
import type { Model } from './schema.ts';

/** A whole configuration with these listeners, or without any. */
function parse(listeners: string, overrides: Overrides = {}): ReturnType<typeof parseConfig> {
  const text = `version: 1
mode: proxy
upstreams: { up: { endpoints: [{ url: "http://127.0.0.1:9000" }] } }
routes: [{ name: all, upstream: up }]
${listeners === '' ? '' : `listeners: ${listeners}`}
`;
  return parseConfig(text, { file: 'g.yaml', baseDir: '/', env: {}, overrides, cores: 3 });
}

function modelOf(listeners: string, overrides?: Overrides): Model {
  const loaded = parse(listeners, overrides);
  assert.ok(loaded.ok, loaded.ok ? '' : loaded.problems.map(formatProblem).join('\n'));
  return loaded.model;
}

function problemsOf(listeners: string, overrides?: Overrides): string[] {
  const loaded = parse(listeners, overrides);
  return loaded.ok ? [] : loaded.problems.map(formatProblem);
}

function addressesOf(model: Model): string[] {
  return model.listeners.map(({ address }) => address);
}

describe('a listener', () => {
  it('of the native front has bounds: those that are given, and defaults', () => {
    const [given] = modelOf('[{ front: native, connections: { idleMs: 5 } }]').listeners;
    assert.equal(given?.connections?.idleMs, 5);
    assert.equal(given.connections.headMs, 10_000);
    const [plain] = modelOf('[{ front: native }]').listeners;
    assert.equal(plain?.connections?.max, 20_000);
  });

  it('of the other front has none, and may not be given any', () => {
    assert.deepEqual(modelOf('').listeners, [
      {
        address: '127.0.0.1:8080',
        front: 'uws',
        connections: null,
        tls: null,
        proxyProtocol: null,
      },
    ]);
    const [problem = ''] = problemsOf('[{ connections: { idleMs: 5 } }]');
    assert.match(problem, /listeners\[0\]\.connections: .*need "front: native"/);
  });
});

describe('overrides', () => {
  it('win over the file', () => {
    const model = modelOf('[{ address: "127.0.0.1:8080" }]', { port: 9, host: '::', workers: 2 });
    assert.deepEqual(addressesOf(model), ['[::]:9']);
    assert.equal(model.workers, 2);
  });

  it('win over the default', () => {
    assert.deepEqual(addressesOf(modelOf('', { port: 9 })), ['127.0.0.1:9']);
  });

  it('leave the rest of a listener, and other listeners, as they are', () => {
    const model = modelOf('[{ front: native }, { address: "127.0.0.1:7" }]', { port: 9 });
    assert.deepEqual(addressesOf(model), ['127.0.0.1:9', '127.0.0.1:7']);
    assert.equal(model.listeners[0]?.front, 'native');
  });

  it('do not cover up what is wrong in the file', () => {
    const [problem = ''] = problemsOf('[{ address: nowhere }]', { port: 9 });
    assert.match(problem, /not an address/);
  });
});
