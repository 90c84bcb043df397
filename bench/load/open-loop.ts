/**
 * An open-loop HTTP/1.1 client, run as a process of its own: requests are due at random moments of
 * a constant mean rate (Poisson) whatever the answers do, and latency counts from the moment a
 * request was due, so that a stall is not left out (coordinated omission). Prints one JSON line.
 *
 * Bounds: one request at a time on each connection; what is due meanwhile waits in line and its
 * wait counts. It never sleeps between requests: a timer of 1 ms would send them in bursts.
 *
 * @module
 */

import { connect, type Socket } from 'node:net';
import { parseArgs } from 'node:util';

import { quantile, seeded } from './statistics.ts';

/** What the client prints. */
export interface LatencyResult {
  readonly due: number;
  readonly answered: number;
  /** Answers that were no 200 of the right length, and lost connections. */
  readonly faults: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly p999Us: number;
  /** By how much the client itself noticed late that a request was due. */
  readonly lagP99Us: number;
}

interface Connection {
  readonly socket: Socket;
  /** When the request in flight was due, in ms; negative when there is none. */
  dueMs: number;
  received: Buffer | null;
}

const READ_BYTES = 65_536;
const SETTLE_MS = 2000;
const OK = Buffer.from('HTTP/1.1 200');
const HEAD_END = Buffer.from('\r\n\r\n');

const { values: plan } = parseArgs({
  options: {
    port: { type: 'string', default: '' },
    path: { type: 'string', default: '/' },
    key: { type: 'string', default: '' },
    'body-bytes': { type: 'string', default: '0' },
    rate: { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '1' },
    'warm-up': { type: 'string', default: '1' },
    connections: { type: 'string', default: '64' },
    seed: { type: 'string', default: '1' },
  },
});
const port = Number(plan.port);
const bodyBytes = Number(plan['body-bytes']);
const perMs = Number(plan.rate) / 1000;
const warmUpMs = Number(plan['warm-up']) * 1000;
const endMs = warmUpMs + Number(plan.seconds) * 1000;
const random = seeded(Number(plan.seed));
const request = Buffer.from(
  `GET ${plan.path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\nx-api-key: ${plan.key}\r\n` +
    'accept: application/json\r\naccept-encoding: gzip\r\nuser-agent: open-loop\r\nx-debug: 1\r\n\r\n',
);

const expected = Math.ceil(Number(plan.rate) * Number(plan.seconds) * 1.2) + 1000;
const latenciesUs = new Float64Array(expected);
const lagsUs = new Float64Array(expected);
let due = 0;
let answered = 0;
let faults = 0;
const idle: Connection[] = [];
/** When requests that found no idle connection were due; the first `taken` of them are on their way. */
let line: number[] = [];
let taken = 0;

function send(connection: Connection, dueMs: number): void {
  connection.dueMs = dueMs;
  connection.socket.write(request);
}

function receive(connection: Connection, piece: Buffer): void {
  const { received, dueMs } = connection;
  const bytes = received === null ? piece : Buffer.concat([received, piece]);
  const head = bytes.indexOf(HEAD_END);
  const missing = head < 0 ? 1 : head + HEAD_END.length + bodyBytes - bytes.length;
  if (missing > 0) {
    connection.received = Buffer.from(bytes);
    return;
  }
  connection.received = null;
  connection.dueMs = -1;
  if (dueMs < 0 || missing < 0 || bytes.compare(OK, 0, OK.length, 0, OK.length) !== 0) faults += 1;
  if (dueMs >= warmUpMs && answered < expected) {
    latenciesUs[answered] = (performance.now() - startMs - dueMs) * 1000;
    answered += 1;
  }
  if (taken < line.length) {
    send(connection, line[taken] ?? 0);
    taken += 1;
  } else {
    idle.push(connection);
  }
}

function open(): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      port,
      host: '127.0.0.1',
      noDelay: true,
      onread: {
        buffer: Buffer.allocUnsafe(READ_BYTES),
        callback: (size, buffer) => {
          receive(connection, Buffer.from(buffer.buffer, buffer.byteOffset, size));
          return true;
        },
      },
    });
    const connection: Connection = { socket, dueMs: -1, received: null };
    socket.once('connect', () => {
      idle.push(connection);
      resolve();
    });
    socket.once('error', reject);
    socket.once('close', () => {
      faults += 1;
    });
  });
}

function print(): void {
  const latencies = latenciesUs.subarray(0, answered).toSorted();
  const lags = lagsUs.subarray(0, Math.min(due, expected)).toSorted();
  const result: LatencyResult = {
    due,
    answered,
    faults,
    p50Us: quantile(latencies, 0.5),
    p99Us: quantile(latencies, 0.99),
    p999Us: quantile(latencies, 0.999),
    lagP99Us: quantile(lags, 0.99),
  };
  process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
}

for (let left = Number(plan.connections); left > 0; left -= 1) await open();
const startMs = performance.now();
let nextMs = 0;

function turn(): void {
  const nowMs = performance.now() - startMs;
  while (nextMs <= nowMs && nextMs < endMs) {
    if (nextMs >= warmUpMs) {
      if (due < expected) lagsUs[due] = (nowMs - nextMs) * 1000;
      due += 1;
    }
    const connection = taken === line.length ? idle.pop() : undefined;
    if (connection === undefined) line.push(nextMs);
    else send(connection, nextMs);
    nextMs += -Math.log(1 - random()) / perMs;
  }
  if (taken === line.length && taken > 0) {
    line = [];
    taken = 0;
  }
  const over = nextMs >= endMs && (answered >= due || nowMs > endMs + SETTLE_MS);
  if (over) print();
  else setImmediate(turn);
}
turn();
