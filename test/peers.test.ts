/**
 * Whose address a request is said to come from, while connections from several are open.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { Agent, type IncomingMessage, request } from 'node:http';
import { it } from 'node:test';

import { httpStage } from './support/http-upstream.ts';
import { upstreamYaml } from './support/stage.ts';

const on = httpStage(
  (url) => `${upstreamYaml(url)}
routes:
  - name: all
    match: { path: /* }
    upstream: up
`,
);

/** Asks over a connection of `agent` from `localAddress`, and gives the address the upstream saw. */
function seenFrom(localAddress: string, agent: Agent): Promise<string> {
  return new Promise((resolve, reject) => {
    const { port } = on.gateway;
    const outgoing = request({ host: '127.0.0.1', port, localAddress, agent });
    outgoing.on('error', reject);
    outgoing.on('response', (response: IncomingMessage) => {
      response.resume();
      response.on('end', () => resolve(String(response.headers['x-seen'])));
    });
    outgoing.end();
  });
}

it('each request is said to come from its own connection’s address', async () => {
  on.upstream.handler = (incoming, response) => {
    response.writeHead(200, { 'x-seen': String(incoming.headers['x-forwarded-for']) });
    response.end();
  };
  const agents = ['127.0.0.1', '127.0.0.2', '127.0.0.3'].map((address) => ({
    address,
    agent: new Agent({ keepAlive: true, maxSockets: 1 }),
  }));
  const [first] = agents;
  assert.ok(first);
  // Alone, then beside others on connections that stay open, then alone again.
  for (const round of [[first], agents, agents, [first]]) {
    for (const { address, agent } of round) {
      assert.equal(await seenFrom(address, agent), address);
    }
  }
  for (const { agent } of agents.slice(1)) agent.destroy();
  assert.equal(await seenFrom(first.address, first.agent), first.address);
  first.agent.destroy();
  const late = new Agent();
  assert.equal(await seenFrom('127.0.0.9', late), '127.0.0.9');
  late.destroy();
});
