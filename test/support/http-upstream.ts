/**
 * An upstream on node's own HTTP server, for bodies too big to be kept.
 *
 * @module
 */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, beforeEach } from 'node:test';

import { stopAll } from './cleanup.ts';
import { type Gateway, type GatewayOptions, startGateway } from './gateway.ts';

/** So that a crowd never fills the queue: the kernel would try again a second later, too late. */
const BACKLOG = 4096;

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

export class HttpUpstream {
  handler: Handler;
  readonly server: Server;

  private constructor(handler: Handler) {
    this.handler = handler;
    const options = { keepAliveTimeout: 0, requestTimeout: 0, noDelay: true };
    this.server = createServer(options, (request, response) => {
      request.on('error', () => {});
      response.on('error', () => {});
      this.handler(request, response);
    });
  }

  static start(handler: Handler): Promise<HttpUpstream> {
    const upstream = new HttpUpstream(handler);
    return new Promise((resolve) => {
      const address = { port: 0, host: '127.0.0.1', backlog: BACKLOG };
      upstream.server.unref().listen(address, () => resolve(upstream));
    });
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  stop(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => {
      this.server.close(() => resolve());
    });
  }
}

export interface HttpStage {
  readonly gateway: Gateway;
  readonly upstream: HttpUpstream;
}

function plain(request: IncomingMessage, response: ServerResponse): void {
  request.resume();
  response.end('ok');
}

/** As `stage` of stage.ts, with an upstream of this kind. */
export function httpStage(
  yaml: (upstreamUrl: string) => string,
  options: GatewayOptions = {},
): HttpStage {
  const set: { gateway?: Gateway; upstream?: HttpUpstream } = {};
  before(async () => {
    set.upstream = await HttpUpstream.start(plain);
    set.gateway = await startGateway(yaml(set.upstream.url), options);
  });
  beforeEach(() => {
    if (set.upstream !== undefined) set.upstream.handler = plain;
  });
  after(async () => {
    await stopAll(set.gateway, set.upstream);
  });
  return {
    get gateway() {
      if (set.gateway === undefined) throw new Error('the stage is set in a before hook');
      return set.gateway;
    },
    get upstream() {
      if (set.upstream === undefined) throw new Error('the stage is set in a before hook');
      return set.upstream;
    },
  };
}
