/**
 * The default front: plaintext HTTP/1.1 by uWebSockets.js.
 *
 * It accepts, and hands every request to native code as the bytes of its head; what happens to it
 * is decided there. What this front decides on its own is listed in docs/wire-conformance.md.
 *
 * Bounds: a head of `UWS_HTTP_MAX_HEADERS_SIZE` bytes, which the main process sets before this
 * process starts, and 100 fields; 10 s for a head, and without a byte of a body or a response.
 *
 * @module
 */

import * as uWS from 'uWebSockets.js';

import { GatewayError } from '../errors.ts';
import type { WorkerCore } from '../native/addon.ts';
import { WANTS_BODY } from '../native/record.ts';
import { answer } from './answer.ts';
import { Exchanges } from './exchanges.ts';
import { headJoiner } from './head.ts';
import { Peers } from './peers.ts';

/** Between two looks at what is still open. */
const DRAIN_STEP_MS = 20;

export interface Listener {
  /** New connections are refused from now on. */
  stopAccepting(): void;
  /** Resolves when no exchange is open, or after `deadlineMs`. */
  drain(deadlineMs: number): Promise<void>;
  /** Closes every connection. */
  close(): void;
}

// In the binary, not in its types: leaves out the field that names the front and its version.
const configure: unknown = Reflect.get(uWS, '_cfg');
if (typeof configure === 'function') configure('999999990007');

const exchangesOf = new WeakMap<WorkerCore, Exchanges>();

/** Accepts on `address`; rejects with `GatewayError` when it can't. */
export function listen(
  core: WorkerCore,
  address: { readonly host: string; readonly port: number },
): Promise<Listener> {
  const exchanges = exchangesOf.get(core) ?? new Exchanges(core);
  exchangesOf.set(core, exchanges);
  const peers = new Peers();
  const app = uWS
    .App()
    .filter((res, change) => peers.count(res, change))
    .any('/*', handlerOf(core, exchanges, peers));
  const { host, port } = address;

  return new Promise((resolve, reject) => {
    app.listen(host, port, (socket) => {
      if (socket) {
        core.boundReceiveBuffers(port);
        resolve(listenerOf(app, socket, exchanges));
      } else {
        reject(new GatewayError('address_in_use', `cannot listen on ${host}:${port}`));
      }
    });
  });
}

/** The one function that runs for every request. It returns with an answer or an exchange. */
function handlerOf(
  core: WorkerCore,
  exchanges: Exchanges,
  peers: Peers,
): (res: uWS.HttpResponse, req: uWS.HttpRequest) => void {
  const head = headJoiner();

  return (res, req) => {
    // `getMethod` lower-cases in place, so it must not be called before this.
    const method = req.getCaseSensitiveMethod();
    // Undefined without a question mark, whatever its type says.
    const query: string | undefined = req.getQuery();
    head.start(method, req.getUrl(), query);
    req.forEach(head.addField);

    const begun = core.begin(head.end(), peers.of(res));
    if (begun === 0) {
      answer(res, core, exchanges.draining);
      return;
    }
    const id = begun & ~WANTS_BODY;
    exchanges.add(id, res);
    if (begun !== id) exchanges.receiveBody(id, res);
  };
}

function listenerOf(
  app: uWS.TemplatedApp,
  socket: uWS.us_listen_socket,
  exchanges: Exchanges,
): Listener {
  let accepting = true;
  return {
    stopAccepting: () => {
      if (accepting) uWS.us_listen_socket_close(socket);
      accepting = false;
    },
    drain: (deadlineMs) => {
      exchanges.drain();
      const startedAt = Date.now();
      return new Promise((resolve) => {
        const timer = setInterval(() => {
          if (exchanges.open > 0 && Date.now() - startedAt < deadlineMs) return;
          clearInterval(timer);
          resolve();
        }, DRAIN_STEP_MS);
      });
    },
    close: () => {
      app.close();
    },
  };
}
