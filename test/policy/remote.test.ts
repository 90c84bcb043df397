/**
 * A running OPA: what happens when it stops, is slow, answers nonsense, and comes back.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';

import type { Answer } from '../../src/policy/engine.ts';
import { openRemote, type RemoteOptions } from '../../src/policy/remote/opa.ts';
import { opaMissing, startOpa } from '../support/opa.ts';
import { freePort } from '../../arena/host/ports.ts';
import { until } from '../../arena/host/wait.ts';

const RULES = join(import.meta.dirname, '../../../test/policy/rules/open.rego');
const OPTIONS = { entrypoint: 'cases/open/decision', timeoutMs: 2000, queueMax: 0 };

function whyOf(answer: Answer): string {
  return answer.kind === 'failed' ? answer.why : answer.kind;
}

/** What an engine makes of a server that answers with `listener`. */
async function askServer(
  listener: RequestListener,
  options: Partial<RemoteOptions> = {},
): Promise<Answer> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  const engine = openRemote({
    ...OPTIONS,
    url: `http://127.0.0.1:${address.port}/opa/`,
    ...options,
  });
  try {
    return await engine.ask('{"a":1}');
  } finally {
    await engine.close();
    server.closeAllConnections();
    server.close();
  }
}

function answering(status: number, body: string): RequestListener {
  return (request, response) => {
    request.resume().on('end', () => response.writeHead(status).end(body));
  };
}

it('is asked by its Data API, behind the path of its URL', async () => {
  let asked = '';
  const answer = await askServer((request, response) => {
    asked = `${request.method} ${request.url} `;
    request.setEncoding('utf8');
    request.on('data', (text: string) => {
      asked += text;
    });
    request.on('end', () => response.end('{"result":true}'));
  });
  assert.equal(asked, 'POST /opa/v1/data/cases/open/decision {"input":{"a":1}}');
  assert.deepEqual(answer, { kind: 'value', value: true });
});

describe('an OPA', () => {
  // biome-ignore format: a table is read by column.
  const answers = [
    { does: 'that has no result is undefined',          listener: answering(200, '{}'),                     why: 'undefined' },
    { does: 'that answers nonsense fails',              listener: answering(200, '<html>'),                 why: 'error' },
    { does: 'that refuses the question fails',          listener: answering(400, '{}'),                     why: 'error' },
    { does: 'whose policy fails is no broken OPA',      listener: answering(500, '{"errors":[{"code":"eval_conflict_error"}]}'), why: 'error' },
    { does: 'that is broken is unavailable',            listener: answering(500, 'oops'),                   why: 'unavailable' },
    { does: 'that answers without end is unavailable',  listener: answering(200, 'x'.repeat(70_000)),       why: 'unavailable' },
  ];
  for (const { does, listener, why } of answers) {
    it(does, async () => assert.equal(whyOf(await askServer(listener)), why));
  }

  it('that never answers is a timeout', async () => {
    assert.equal(whyOf(await askServer(() => {}, { timeoutMs: 50 })), 'timeout');
  });

  it('that begins to answer and stops is a timeout', async () => {
    const answer = await askServer((_, response) => void response.write('{'), { timeoutMs: 50 });
    assert.equal(whyOf(answer), 'timeout');
  });

  it('is asked by so many at once, and the next fails', async () => {
    const engine = openRemote({
      ...OPTIONS,
      url: `http://127.0.0.1:${await freePort()}`,
      queueMax: 1,
    });
    const outcomes = await Promise.all(
      Array.from({ length: 70 }, async () => whyOf(await engine.ask('{}'))),
    );
    assert.equal(outcomes.filter((why) => why === 'queue_full').length, 5);
    await engine.close();
  });
});

describe('the real OPA', { skip: opaMissing }, () => {
  it('stops, is left alone after some failures, and is asked again when it is back', async () => {
    const port = await freePort();
    const engine = openRemote({ ...OPTIONS, url: `http://127.0.0.1:${port}` });
    const first = await startOpa([RULES], port);
    assert.deepEqual(await engine.ask('{}'), { kind: 'value', value: true });
    await first.stop();

    const details: string[] = [];
    while (details.length < 6) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other is what the breaker counts
      const answer = await engine.ask('{}');
      assert.equal(whyOf(answer), 'unavailable');
      details.push(answer.kind === 'failed' ? answer.detail : '');
    }
    assert.match(details[0] ?? '', /cannot be asked/);
    assert.match(details[5] ?? '', /left alone/);

    const second = await startOpa([RULES], port);
    after(() => second.stop());
    await until(
      'OPA is asked again',
      async () => (await engine.ask('{}')).kind === 'value',
      10_000,
    );
    await engine.close();
  });
});
