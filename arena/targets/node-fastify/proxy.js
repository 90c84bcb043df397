/**
 * A gateway as somebody writes one in Node: Fastify, @fastify/http-proxy and a few hooks; with more
 * than one worker, a process for each and one that hands connections out. `node proxy.js SETTINGS`, a file that settings.json.eta describes;
 * `--version` tells the versions.
 *
 * Limits are per process, as with any limiter that keeps its counts in memory.
 *
 * @module
 */

import cluster from 'node:cluster';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import proxy from '@fastify/http-proxy';
import { fastify } from 'fastify';

import { FixedWindow } from './fixed-window.js';

const KEEP_ALIVE_MS = 3_600_000;

/** Prefixes that are passed on, and the limit of each; `name` is what x-route tells the upstream. */
function rulesOf({ routes, limits, doesAll }) {
  const named = routes.map((route) => ({ ...route, limit: limits.many }));
  const rules = named.length > 0 ? named : [{ prefix: '/api/', limit: limits.many }];
  return doesAll ? [...rules, { prefix: '/limited/', limit: limits.few }] : rules;
}

async function startWorker(settings) {
  const { checksKeys, doesAll, port } = settings;
  const app = fastify({
    keepAliveTimeout: KEEP_ALIVE_MS,
    ...(doesAll ? { genReqId: () => randomUUID() } : {}),
  });
  if (checksKeys) {
    const consumers = new Map(settings.consumers);
    app.decorateRequest('caller', null);
    app.addHook('onRequest', async (request, reply) => {
      request.caller = consumers.get(request.headers['x-api-key']) ?? null;
      return request.caller === null ? reply.code(401).send() : undefined;
    });
  }
  for (const rule of rulesOf(settings)) {
    app.register(proxy, {
      upstream: settings.upstream,
      prefix: rule.prefix,
      rewritePrefix: rule.prefix,
      // One pool of connections for all routes.
      globalAgent: true,
      websocket: true,
      ...(doesAll ? wholeJob(rule) : {}),
      ...(checksKeys && !doesAll ? { replyOptions: { rewriteRequestHeaders: withoutKey } } : {}),
    });
  }
  await app.listen({ host: '127.0.0.1', port, backlog: 4096 });
}

function withoutKey(_request, { 'x-api-key': _key, ...headers }) {
  return headers;
}

function wholeJob({ name, limit }) {
  const window = new FixedWindow(limit);
  const route = name === undefined ? {} : { 'x-route': name };
  return {
    preHandler: (request, reply, done) => {
      if (window.isExceeded(request.caller.name)) {
        reply.code(429).send();
        return;
      }
      reply.header('x-request-id', request.id);
      done();
    },
    replyOptions: {
      rewriteRequestHeaders: (request, { 'x-api-key': _key, 'x-debug': _debug, ...headers }) => ({
        ...headers,
        ...route,
        'x-consumer': request.caller.name,
        'x-tenant': request.caller.tenant,
        'x-request-id': request.id,
        'x-forwarded-for': request.ip,
        'x-forwarded-proto': 'http',
        'x-forwarded-host': request.host,
      }),
    },
  };
}

function versionOf(name) {
  return createRequire(import.meta.url)(`${name}/package.json`).version;
}

const [argument] = process.argv.slice(2);
if (argument === '--version') {
  const versions = `${versionOf('@fastify/http-proxy')} (Fastify ${versionOf('fastify')}`;
  process.stdout.write(`${versions}, Node ${process.version})\n`);
} else {
  const settings = JSON.parse(readFileSync(argument, 'utf8'));
  if (cluster.isPrimary && settings.workers > 1) {
    for (let worker = 0; worker < settings.workers; worker += 1) cluster.fork();
  } else {
    await startWorker(settings);
  }
}
