import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { type Handler, HttpUpstream } from '../../test/support/http-upstream.ts';
import { startLoadStage } from './choose.ts';
import type { LoadSpec, LoadStage, Scenarios } from './driver.ts';
import { decodeHistogram, type Histogram } from './histogram.ts';

const CORES = '0-1';
let stage: LoadStage;

before(async () => {
  stage = await startLoadStage({ driver: 'native', cores: CORES });
});
after(() => stage.stop());

function get(path: string): LoadSpec['requests'] {
  return [{ method: 'GET', path, headers: {}, bodyBytes: 0 }];
}

/** A load for the upstream itself, unless `more` says otherwise. */
function specOf(more: Partial<LoadSpec>): LoadSpec {
  return {
    ...stage.upstream,
    requests: get('/any/bytes/10'),
    connections: 4,
    mode: 'closed',
    warmUpMs: 0,
    measureMs: 10_000,
    timeoutMs: 5000,
    expect: { status: 200, bodyBytes: 10 },
    seed: 1,
    ...more,
  };
}

interface Place {
  readonly host: string;
  readonly port: number;
}

/** Loads a target that a test makes up. */
async function withServer<Result>(
  handler: Handler,
  act: (place: Place, upstream: HttpUpstream) => Promise<Result>,
): Promise<Result> {
  const upstream = await HttpUpstream.start(handler);
  try {
    return await act({ host: '127.0.0.1', port: Number(new URL(upstream.url).port) }, upstream);
  } finally {
    await upstream.stop();
  }
}

const inChunks: Handler = (_request, response) => {
  response.write('12345');
  response.end('67890');
};

const breaksOff: Handler = (_request, response) => {
  response.write('data: 1\n\n', () => response.socket?.resetAndDestroy());
};

function countOver(histogram: Histogram, us: number): number {
  const { totalCount } = histogram;
  let low = 0;
  let high = totalCount;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const value = histogram.getValueAtPercentile(((middle + 1) / totalCount) * 100);
    if (value > us) high = middle;
    else low = middle + 1;
  }
  return totalCount - low;
}

function scenarios(): Scenarios {
  assert.ok(stage.driver.scenarios);
  return stage.driver.scenarios;
}

describe('the native driver', () => {
  test('sends as many requests as it was told, and counts every answer', async () => {
    let served = 0;
    const result = await withServer(
      (request, response) => {
        served += 1;
        assert.equal(request.headers['x-who'], 'arena');
        response.end('0123456789');
      },
      (place) => {
        const requests = [
          { method: 'GET', path: '/a', headers: { 'x-who': 'arena' }, bodyBytes: 0 },
          { method: 'POST', path: '/b', headers: { 'x-who': 'arena' }, bodyBytes: 200_000 },
        ];
        return stage.driver.run(specOf({ ...place, requests, requestsMax: 101 }), CORES);
      },
    );
    assert.equal(served, 101);
    assert.equal(result.requests, 101);
    assert.equal(result.answered, 101);
    assert.deepEqual(result.statuses, { 200: 101 });
    assert.deepEqual(result.errors, {});
    assert.equal(decodeHistogram(result.latency).totalCount, 101);
    assert.equal(result.lag, null);
    assert.ok(result.cpuUs > 0 && result.elapsedMs > 0);
  });

  test('has as many requests due as the rate says, each with its lateness', async () => {
    const open = { mode: 'open', arrivals: 'constant', ratePerS: 1000 } as const;
    const result = await stage.driver.run(
      specOf({ ...open, warmUpMs: 100, measureMs: 400 }),
      CORES,
    );
    assert.ok(Math.abs(result.requests - 400) <= 1, `${result.requests}`);
    assert.equal(result.answered, result.requests);
    assert.equal(decodeHistogram(result.lag ?? '').totalCount, result.requests);
  });

  test('counts an unexpected status under itself, and no wrong body with it', async () => {
    const result = await stage.driver.run(
      specOf({ requests: get('/none'), requestsMax: 20 }),
      CORES,
    );
    assert.deepEqual(result.statuses, { 404: 20 });
    assert.deepEqual(result.errors, {});
  });

  test('counts bodies of another length, whatever their framing', async () => {
    const short = specOf({ requests: get('/bytes/9'), requestsMax: 20 });
    assert.deepEqual((await stage.driver.run(short, CORES)).errors, { body: 20 });
    const chunked = await withServer(inChunks, (place) =>
      stage.driver.run(specOf({ ...place, requestsMax: 20 }), CORES),
    );
    assert.deepEqual([chunked.statuses, chunked.errors], [{ 200: 20 }, {}]);
  });

  test('counts a stall for everybody who was due meanwhile, not only for who was sent', async () => {
    const stallMs = 400;
    let stalledUntil = 0;
    const listener: Handler = (_request, response) => {
      const now = performance.now();
      if (stalledUntil === 0) stalledUntil = now + stallMs;
      setTimeout(() => response.end('0123456789'), Math.max(0, stalledUntil - now));
    };
    const result = await withServer(listener, (place) => {
      const open = { mode: 'open', arrivals: 'constant', ratePerS: 200 } as const;
      return stage.driver.run(
        specOf({ ...place, ...open, connections: 2, measureMs: 1000 }),
        CORES,
      );
    });
    assert.equal(result.answered, result.requests);
    // Due in the first 300 ms of the stall, at 5 ms each: 60, on 2 connections.
    assert.ok(countOver(decodeHistogram(result.latency), 100_000) >= 55);
  });

  test('opens a connection for each request when it is told to churn', async () => {
    let connections = 0;
    const result = await withServer(
      (_request, response) => response.end('0123456789'),
      (place, { server }) => {
        server.on('connection', () => {
          connections += 1;
        });
        return stage.driver.run(specOf({ ...place, churn: true, requestsMax: 60 }), CORES);
      },
    );
    assert.equal(connections, 60);
    assert.deepEqual(result.statuses, { 200: 60 });
    assert.deepEqual(result.errors, {});
  });

  test('records how long it waited for an answer that never came, and goes on', async () => {
    const result = await stage.driver.run(
      specOf({ requests: get('/delay/60000'), timeoutMs: 100, requestsMax: 12 }),
      CORES,
    );
    assert.deepEqual(result.errors, { timeout: 12 });
    assert.equal(result.answered, 0);
    assert.equal(countOver(decodeHistogram(result.latency), 99_000), 12);
  });

  test('counts connections that are lost, and opens them again', async () => {
    let served = 0;
    const result = await withServer(
      (request, response) => {
        served += 1;
        if (served % 5 === 0) request.socket.resetAndDestroy();
        else response.end('0123456789');
      },
      (place) => stage.driver.run(specOf({ ...place, requestsMax: 50 }), CORES),
    );
    assert.deepEqual(
      [result.requests, result.statuses, result.errors],
      [50, { 200: 40 }, { reset: 10 }],
    );
  });

  test('counts refused connections, and what is due without one as given up', async () => {
    const place = await withServer(
      () => {},
      async (gone) => gone,
    );
    const open = { mode: 'open', arrivals: 'constant', ratePerS: 100 } as const;
    const result = await stage.driver.run(
      specOf({ ...place, ...open, measureMs: 300, timeoutMs: 100 }),
      CORES,
    );
    assert.equal(result.answered, 0);
    assert.equal(result.errors['timeout'], result.requests);
    assert.ok((result.errors['connect'] ?? 0) > 0);
  });

  test('says what it does not understand, and goes on', async () => {
    const wrong = stage.driver.run(specOf({ requests: [] }), CORES);
    await assert.rejects(wrong, /refuses: requests: at least one/);
    const right = await stage.driver.run(specOf({ requestsMax: 1 }), CORES);
    assert.equal(right.answered, 1);
  });

  test('loads from cores that are not the upstream’s, too', async () => {
    const result = await stage.driver.run(specOf({ requestsMax: 10 }), '0');
    assert.deepEqual(result.statuses, { 200: 10 });
  });
});

describe('the native driver’s scenarios', () => {
  test('tell when streams of events begin, and how late every event is', async () => {
    const result = await scenarios().sse(
      {
        kind: 'sse',
        ...stage.upstream,
        path: '/any/sse',
        headers: {},
        connections: 20,
        events: 5,
        intervalMs: 20,
        spreadMs: 50,
        timeoutMs: 5000,
      },
      CORES,
    );
    assert.deepEqual([result.opened, result.completed, result.events], [20, 20, 100]);
    assert.deepEqual([result.statuses, result.errors], [{ 200: 20 }, {}]);
    assert.equal(decodeHistogram(result.firstByte).totalCount, 20);
    assert.equal(decodeHistogram(result.delay).totalCount, 100);
  });

  test('count streams that do not end in order', async () => {
    const result = await withServer(breaksOff, (place) =>
      scenarios().sse(
        {
          kind: 'sse',
          ...place,
          path: '/sse',
          headers: {},
          connections: 3,
          events: 2,
          intervalMs: 10,
          spreadMs: 0,
          timeoutMs: 1000,
        },
        CORES,
      ),
    );
    assert.deepEqual([result.completed, result.errors], [0, { reset: 3 }]);
  });

  test('have every WebSocket message come back', async () => {
    const result = await scenarios().webSocket(
      {
        kind: 'websocket',
        ...stage.upstream,
        path: '/any/ws',
        headers: {},
        connections: 5,
        ratePerS: 500,
        arrivals: 'constant',
        bytes: 300,
        warmUpMs: 50,
        measureMs: 400,
        timeoutMs: 5000,
        seed: 1,
      },
      CORES,
    );
    assert.equal(result.opened, 5);
    assert.ok(Math.abs(result.messages - 200) <= 1);
    assert.equal(result.answered, result.messages);
    assert.deepEqual(result.errors, {});
    assert.equal(decodeHistogram(result.roundTrip).totalCount, result.messages);
  });

  test('hold slow clients beside a load until they are stopped', async () => {
    const slow = scenarios().slow(
      {
        kind: 'slow',
        ...stage.upstream,
        path: '/bytes/0',
        headers: {},
        connections: 30,
        bytesPerS: 50,
        durationMs: 60_000,
      },
      CORES,
    );
    const beside = await stage.driver.run(specOf({ measureMs: 1000 }), CORES);
    const result = await slow.stop();
    assert.deepEqual(Object.keys(beside.statuses), ['200']);
    assert.deepEqual([result.opened, result.held, result.ended], [30, 30, 0]);
    assert.ok(result.bytesSent > 0);
    assert.deepEqual(result.errors, {});
  });
});
