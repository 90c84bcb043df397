import assert from 'node:assert/strict';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';

import { fixture } from './fixture.ts';
import { SMALL_PLAN } from './fixture-plan.ts';
import { prometheusText } from './prometheus.ts';
import { pushMetrics } from './push.ts';
import { L0, l0Figures } from '../score/scenarios.ts';

const RECORDS = fixture({ ...SMALL_PLAN, rounds: 2, tiers: ['pass'] });
const TEXT = prometheusText(RECORDS);

/** Values by metric and labels. */
function samplesOf(text: string): Map<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(' ');
      return [line.slice(0, at), Number(line.slice(at + 1))];
    }),
  );
}

describe('Prometheus text', () => {
  it('has the original’s names', () => {
    const samples = samplesOf(TEXT);
    const score = samples.get('gateway_arena_score{gateway="nginx"}') ?? 0;
    assert.ok(score > 80 && score <= 100);
    assert.equal(samples.get('gateway_arena_availability{gateway="nginx"}'), 1);
    const p95 = samples.get('gateway_arena_p95_seconds{gateway="nginx",scenario="burst_50"}');
    assert.ok(p95 !== undefined && p95 > 0.0001 && p95 < 0.01);
  });

  it('says which part of the loads a score is of', () => {
    const played = samplesOf(TEXT).get('gateway_arena_score_played_share{gateway="nginx"}');
    assert.equal(played, 1);
  });

  it('is well formed: a help and a type before the samples, once each', () => {
    const typed = [...TEXT.matchAll(/^# TYPE (\S+) gauge$/gm)].map(([, name]) => name);
    assert.equal(new Set(typed).size, typed.length);
    for (const line of TEXT.trim().split('\n')) {
      assert.match(
        line,
        /^(?:# (?:HELP|TYPE) [a-z0-9_]+ .+|[a-z0-9_]+(?:\{(?:[a-z]+="[^"]*",?)+\})? [-+.\de]+)$/,
      );
    }
  });

  it('has no score of what is unavailable: that it isn’t up is what it says', () => {
    assert.equal(samplesOf(TEXT).get('gateway_arena_up{gateway="kong"}'), 0);
    assert.doesNotMatch(TEXT, /score\{gateway="kong"/);
  });

  it('has no latency of a scenario with wrong answers', () => {
    const wrong = RECORDS.map((record) =>
      record.kind === 'scenario' && record.scenario === L0 && record.target === 'nginx'
        ? { ...record, figures: { ...record.figures, [l0Figures.right('burst_50')]: 10 } }
        : record,
    );
    const samples = samplesOf(prometheusText(wrong));
    assert.equal(
      samples.get('gateway_arena_p95_seconds{gateway="nginx",scenario="burst_50"}'),
      undefined,
    );
    assert.equal(samples.get('gateway_arena_score_part{gateway="nginx",part="burst_50"}'), 0);
  });
});

async function pushed(
  status: number,
  authorization?: string,
): Promise<{ request: IncomingMessage | undefined; body: string; told: string }> {
  let request: IncomingMessage | undefined;
  let body = '';
  const server = createServer((incoming, answer) => {
    request = incoming;
    incoming.setEncoding('utf8');
    incoming.on('data', (text: string) => void (body += text));
    incoming.on('end', () => answer.writeHead(status, { connection: 'close' }).end('no room'));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  try {
    const told = await pushMetrics(`http://127.0.0.1:${port}/`, 'a 1\n', { authorization });
    return { request, body, told };
  } finally {
    server.close();
  }
}

describe('a push', () => {
  it('replaces the job’s metrics, without a password', async () => {
    const { request, body, told } = await pushed(202);
    assert.equal(`${request?.method} ${request?.url}`, 'PUT /metrics/job/gateway_arena');
    assert.equal(request?.headers.authorization, undefined);
    assert.equal(body, 'a 1\n');
    assert.match(told, /pushed to http:\/\/127\.0\.0\.1/);
  });

  it('sends the Authorization field it was given', async () => {
    const { request } = await pushed(200, 'Bearer x');
    assert.equal(request?.headers.authorization, 'Bearer x');
  });

  it('says what the pushgateway said when it took nothing', async () => {
    await assert.rejects(pushed(400), /answered 400: no room/);
  });

  it('takes no other URLs, and none with a password', async () => {
    await assert.rejects(pushMetrics('ftp://a', '', { authorization: undefined }), /http or https/);
    await assert.rejects(
      pushMetrics('http://u:p@a', '', { authorization: undefined }),
      /no password/,
    );
  });
});
