/**
 * A bundle server: what it serves takes over without losing an evaluation, and nothing that is
 * wrong does.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';

import type { Bundle } from '../../src/policy/bundle/bundle.ts';
import {
  type BundleEvent,
  type BundleServer,
  openBundleServer,
} from '../../src/policy/bundle/server.ts';
import type { Verification } from '../../src/policy/bundle/signatures.ts';
import type { Answer, Engine } from '../../src/policy/engine.ts';
import { openPool } from '../../src/policy/threads/pool.ts';
import { buildBundle, opaMissing } from '../support/opa.ts';
import { until } from '../../arena/host/wait.ts';

const ENTRYPOINT = 'authz/decision';
const POOL = { threads: 1, queueMax: 1000, timeoutMs: 10_000, memoryMaxBytes: 16_777_216 };

const ANYONE: Omit<Verification, 'publicKey'> = { algorithm: 'ES256', keyId: null, scope: null };

const folder = mkdtempSync(join(tmpdir(), 'stoa-bundle-'));
after(() => rmSync(folder, { recursive: true }));

function open({ module, data }: Bundle): Promise<Engine> {
  const { memoryMaxBytes } = POOL;
  return openPool({ kind: 'wasm', module, data, entrypoint: ENTRYPOINT, memoryMaxBytes }, POOL);
}

/** A bundle whose decision is `version`. */
function bundleOf(version: string, options: readonly string[] = []): Buffer {
  const sources = join(folder, version);
  mkdirSync(sources, { recursive: true });
  const rules = 'package authz\n\ndecision := {"allow": true, "reason": data.settings.reason}\n';
  writeFileSync(join(sources, 'authz.rego'), rules);
  const data = { settings: { reason: version, b: [1, 2.5, '<é>\u2028'], a: null } };
  writeFileSync(join(sources, 'data.json'), JSON.stringify(data, null, 2));
  const revision = ['--revision', version];
  return readFileSync(buildBundle(['-b', sources], [ENTRYPOINT], [...revision, ...options]));
}

function reasonOf(answer: Answer): unknown {
  if (answer.kind !== 'value') return answer.kind === 'failed' ? answer.why : answer.kind;
  const { value } = answer;
  return typeof value === 'object' && value !== null && 'reason' in value ? value.reason : value;
}

describe('a bundle server', { skip: opaMissing }, () => {
  let one: Buffer;
  let two: Buffer;
  let signed: Buffer;
  let publicKey: string;
  let server: Server;
  let url: string;
  /** What is served, under an entity tag; null is 503. */
  let served: { readonly tag: string; readonly body: Buffer } | null;
  let unchanged = 0;
  let engine: Engine | null = null;
  let events: BundleEvent[] = [];

  before(() => {
    one = bundleOf('one');
    two = bundleOf('two');
    const keys = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    publicKey = keys.publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const keyFile = join(folder, 'signing');
    writeFileSync(keyFile, keys.privateKey.export({ type: 'pkcs8', format: 'pem' }));
    signed = bundleOf('signed', ['--signing-key', keyFile, '--signing-alg', 'ES256']);
  });

  beforeEach(async () => {
    served = { tag: '"1"', body: one };
    unchanged = 0;
    events = [];
    server = createServer((request, response) => {
      if (served === null) response.writeHead(503).end();
      else if (request.headers['if-none-match'] === served.tag) {
        unchanged += 1;
        response.writeHead(304).end();
      } else response.writeHead(200, { etag: served.tag }).end(served.body);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    assert.ok(typeof address === 'object' && address !== null);
    url = `http://127.0.0.1:${address.port}/bundle.tar.gz`;
  });

  afterEach(async () => {
    await engine?.close();
    engine = null;
    server.closeAllConnections();
    server.close();
  });

  async function opened(changes: Partial<BundleServer> = {}): Promise<Engine> {
    const bounds = { pollMs: 20, timeoutMs: 5000, bodyMaxBytes: 1_048_576, verification: null };
    engine = await openBundleServer({ url, ...bounds, ...changes }, open, (event) => {
      events.push(event);
    });
    return engine;
  }

  async function reason(): Promise<unknown> {
    return reasonOf((await engine?.ask('{}')) ?? { kind: 'undefined' });
  }

  function detail(): string {
    return events.flatMap((event) => (event.kind === 'failed' ? [event.detail] : [])).join('\n');
  }

  it('is asked again, and not for what it has sent already', async () => {
    await opened();
    await until('two questions', () => unchanged >= 2);
    assert.deepEqual(
      events.filter(({ kind }) => kind === 'loaded'),
      [{ kind: 'loaded', revision: 'one' }],
    );
  });

  it('sends a new one, which takes over without an evaluation lost', async () => {
    await opened();
    const reasons = new Set<unknown>();
    const counts = { asked: 0 };
    await until('the new one decides', async () => {
      if (counts.asked === 200) served = { tag: '"2"', body: two };
      const answers = await Promise.all(Array.from({ length: 20 }, () => reason()));
      counts.asked += answers.length;
      for (const answer of answers) reasons.add(answer);
      return answers.includes('two');
    });
    assert.deepEqual([...reasons], ['one', 'two']);
  });

  it('is down, and the last good one decides', async () => {
    await opened();
    served = null;
    await until('it failed', () => detail() !== '');
    assert.match(detail(), /answered 503/);
    assert.equal(await reason(), 'one');
  });

  it('is down at the start: nothing is decided until it is up', async () => {
    served = null;
    await opened();
    assert.equal(await reason(), 'unavailable');
    served = { tag: '"1"', body: one };
    await until('it decides', async () => (await reason()) === 'one');
  });

  it('sends something broken, and the last good one decides', async () => {
    await opened();
    served = { tag: '"2"', body: two.subarray(0, two.length / 2) };
    await until('it failed', () => detail() !== '');
    assert.match(detail(), /not a gzipped archive/);
    assert.equal(await reason(), 'one');
  });

  it('sends more than it may', async () => {
    await opened({ bodyMaxBytes: 1024 });
    assert.match(detail(), /more than 1024 bytes/);
    assert.equal(await reason(), 'unavailable');
  });

  it('takes longer than it may', async () => {
    server.removeAllListeners('request');
    await opened({ timeoutMs: 50 });
    assert.match(detail(), /no answer within 50 ms/);
  });

  describe('with signatures', () => {
    it('sends what was signed', async () => {
      served = { tag: '"1"', body: signed };
      await opened({ verification: { ...ANYONE, publicKey, keyId: 'default' } });
      assert.equal(detail(), '');
      assert.equal(await reason(), 'signed');
    });

    it('sends what was not signed', async () => {
      await opened({ verification: { ...ANYONE, publicKey } });
      assert.match(detail(), /no signature/);
      assert.equal(await reason(), 'unavailable');
    });

    it('sends what another key has signed', async () => {
      served = { tag: '"1"', body: signed };
      const { publicKey: other } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
      const pem = other.export({ type: 'spki', format: 'pem' }).toString();
      await opened({ verification: { ...ANYONE, publicKey: pem } });
      assert.match(detail(), /signature verification failed/);
    });

    it('sends what was signed for something else', async () => {
      served = { tag: '"1"', body: signed };
      await opened({ verification: { ...ANYONE, publicKey, scope: 'read' } });
      assert.match(detail(), /another scope/);
      await engine?.close();
      await opened({ verification: { ...ANYONE, publicKey, keyId: 'mine' } });
      assert.match(detail(), /another key/);
    });

    for (const [does, name, says] of [
      ['a file that was changed', 'data.json', /data\.json is not what was signed/],
      ['a file that was added', 'extra.txt', /extra\.txt is not in the bundle's signature/],
    ] as const) {
      it(`sends ${does}`, async () => {
        served = { tag: '"1"', body: repacked(signed, name, '{"settings":{"reason":"forged"}}') };
        await opened({ verification: { ...ANYONE, publicKey } });
        assert.match(detail(), says);
        assert.equal(await reason(), 'unavailable');
      });
    }
  });
});

/** `bundle` with another content of file `name`. */
function repacked(bundle: Buffer, name: string, content: string): Buffer {
  const unpacked = mkdtempSync(join(folder, 'repacked-'));
  writeFileSync(join(unpacked, 'b.tgz'), bundle);
  const files = join(unpacked, 'files');
  mkdirSync(files);
  execFileSync('tar', ['-xzf', join(unpacked, 'b.tgz'), '-C', files], { stdio: 'pipe' });
  writeFileSync(join(files, name), content);
  return execFileSync('tar', ['-czf', '-', '-C', files, '.'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}
