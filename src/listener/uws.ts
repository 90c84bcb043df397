/**
 * The default front: plaintext HTTP/1.1 by uWebSockets.js.
 *
 * The native front accepts and passes on connections that begin with a plain request (`front/door.rs`).
 * From then on every request is handed to native code as the bytes of its head; what happens to it
 * is decided there. What this front decides on its own is listed in docs/wire-conformance.md.
 *
 * Bounds: a head of `UWS_HTTP_MAX_HEADERS_SIZE` bytes, which the main process sets before this
 * process starts, and 100 fields; 10 s for a head, and without a byte of a body or a response.
 *
 * @module
 */

import * as uWS from 'uWebSockets.js';

import type { Address } from '../config/address.ts';
import { GatewayError } from '../errors.ts';
import type { WorkerCore } from '../native/addon.ts';
import { WANTS_BODY } from '../native/record.ts';
import { answer } from './answer.ts';
import { Exchanges } from './exchanges.ts';
import { headJoiner } from './head.ts';
import { type Listener, untilNoneOpen } from './listener.ts';
import { listenNatively } from './native.ts';
import { Peers } from './peers.ts';

// In the binary, not in its types: leaves out the field that names the front and its version.
const configure: unknown = Reflect.get(uWS, '_cfg');
if (typeof configure === 'function') configure('999999990007');

/** What an app takes over connections by; in the binary, not in its types. */
interface Adopting {
  adoptSocket(descriptor: number): void;
}

/** This front in one worker: its exchanges, and by number of the listener who takes connections. */
class Front {
  readonly exchanges: Exchanges;
  readonly apps = new Map<number, Adopting>();

  constructor(core: WorkerCore) {
    this.exchanges = new Exchanges(core, (listener, descriptor) => {
      this.apps.get(listener)?.adoptSocket(descriptor);
    });
  }
}

const frontOf = new WeakMap<WorkerCore, Front>();

/**
 * Takes over the plain connections of `address`, the configuration's listener `number`. Throws
 * `GatewayError` when the address can't be bound.
 */
export function listen(core: WorkerCore, number: number, address: Address): Listener {
  const front = frontOf.get(core) ?? new Front(core);
  frontOf.set(core, front);
  const { exchanges } = front;
  const peers = new Peers();
  const app = uWS
    .App()
    .filter((res, change) => peers.count(res, change))
    .any('/*', handlerOf(core, exchanges, peers));
  if (!canAdopt(app))
    throw new GatewayError('internal', 'uWebSockets.js takes no connections over');
  front.apps.set(number, app);
  const door = listenNatively(core, number, address);

  return {
    stopAccepting: () => door.stopAccepting(),
    drain: async (deadlineMs) => {
      exchanges.drain();
      await Promise.all([door.drain(deadlineMs), untilNoneOpen(() => exchanges.open, deadlineMs)]);
    },
    close: () => {
      door.close();
      app.close();
    },
  };
}

function canAdopt(app: uWS.TemplatedApp): app is uWS.TemplatedApp & Adopting {
  return typeof Reflect.get(app, 'adoptSocket') === 'function';
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
