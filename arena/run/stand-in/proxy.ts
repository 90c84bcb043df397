/**
 * A small gateway for the tests of whole runs: `node proxy.js MANNER PORT UPSTREAM_HOST
 * UPSTREAM_PORT`.
 *
 * | manner | what it does |
 * |---|---|
 * | `faithful`  | forwards `/api/` |
 * | `slowed`    | the same, with 2 ms of busy work for each request |
 * | `mortal`    | the same, and ends 1.2 s after the first request |
 * | `not-found` | answers 404 to everything, fast |
 * | `stubborn`  | forwards `/api/`, and does not end when it is asked to |
 * | `lame`      | writes why, and ends |
 *
 * @module
 */

import { Agent, createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';

const LIFE_MS = 1200;
const BUSY_MS = 2;

const [manner = '', port, upstreamHost = '', upstreamPort] = process.argv.slice(2);
const agent = new Agent({ keepAlive: true, maxSockets: 64 });
let asked = false;

function forward(incoming: IncomingMessage, answer: ServerResponse): void {
  const { method = 'GET', url: path = '/', headers } = incoming;
  const options = { host: upstreamHost, port: Number(upstreamPort), agent, method, path, headers };
  const outgoing = request(options, (response) => {
    answer.writeHead(response.statusCode ?? 502, response.headers);
    response.pipe(answer);
  });
  outgoing.once('error', () => answer.writeHead(502).end());
  incoming.pipe(outgoing);
}

function serve(incoming: IncomingMessage, answer: ServerResponse): void {
  if (!asked && manner === 'mortal') setTimeout(() => process.exit(3), LIFE_MS);
  asked = true;
  const until = performance.now() + (manner === 'slowed' ? BUSY_MS : 0);
  while (performance.now() < until);
  if (manner !== 'not-found' && incoming.url?.startsWith('/api/')) forward(incoming, answer);
  else answer.writeHead(404).end();
}

if (manner === 'stubborn') {
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.on(name, () => {});
}
if (manner === 'lame') {
  process.stderr.write('the configuration is not to my liking\n');
  process.exit(1);
}
createServer({ keepAliveTimeout: 60_000 }, serve).listen(Number(port), '127.0.0.1');
