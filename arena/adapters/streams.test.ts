/**
 * What the scenarios of streams rest on: targets that say so pass an event on before the stream has
 * ended, and a WebSocket both ways.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { get, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

import { freePort } from '../host/ports.ts';
import { startUpstream, type Upstream } from '../load/native.ts';
import { readCatalog, targetOf } from './catalog.ts';

const TIMEOUT_MS = 5000;
/** A masked text frame that says "ping": RFC 6455 §5.2. */
const FRAME = Buffer.from([0x81, 0x84, 1, 2, 3, 4, 0x71, 0x6b, 0x6d, 0x63]);

let upstream: Upstream;
before(async () => {
  upstream = await startUpstream({ cores: '0,1' });
});
after(() => upstream.program.stop());

function firstEvent(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = get({ host: '127.0.0.1', port, path: '/api/sse', agent: false }, (response) => {
      response.once('data', (piece: Buffer) => {
        resolve(piece.toString());
        sent.destroy();
      });
    });
    sent.setTimeout(TIMEOUT_MS, () => sent.destroy(new Error('no event in time')));
    sent.on('error', reject);
  });
}

function echoOf(port: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const headers = {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': Buffer.alloc(16, 1).toString('base64'),
    };
    const path = '/api/ws';
    const sent = request({ host: '127.0.0.1', port, path, agent: false, headers });
    sent.setTimeout(TIMEOUT_MS, () => sent.destroy(new Error('no answer in time')));
    sent.on('error', reject);
    sent.once('response', ({ statusCode }) => reject(new Error(`answered ${statusCode}`)));
    sent.once('upgrade', (_, socket) => {
      socket.once('data', (piece: Buffer) => {
        resolve(piece);
        socket.destroy();
      });
      socket.write(FRAME);
    });
    sent.end();
  });
}

describe('streams', () => {
  for (const description of readCatalog().descriptions) {
    const { name, manifest } = description;
    it(`pass through ${name} as its manifest says`, async (t) => {
      const target = targetOf(description);
      const found = await target.examine();
      if (found.status === 'unavailable') return t.skip(found.why);
      const folder = mkdtempSync(join(tmpdir(), 'arena-streams-'));
      const port = await freePort();
      const limits = { workers: 1, cores: '0', memoryMaxBytes: 536_870_912 };
      const running = await target.start({ tier: 'pass', folder, port, upstream, ...limits });
      try {
        if (manifest.scenarios.includes('sse')) {
          assert.match(await firstEvent(running.port), /^data: .*\n\n$/);
        }
        if (manifest.scenarios.includes('websocket')) {
          assert.deepEqual(await echoOf(running.port), Buffer.from('\x81\x04ping', 'latin1'));
        } else {
          await assert.rejects(echoOf(running.port));
        }
      } finally {
        await running.stop();
        rmSync(folder, { recursive: true, force: true });
      }
    });
  }
});
