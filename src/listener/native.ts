/**
 * The native front: strict HTTP/1.1 and 1.0 without JavaScript on the way, and the door of the other
 * one. Everything it does is in `native/addon/src/worker/front`; this only starts and ends it.
 *
 * @module
 */

import type { Address } from '../config/address.ts';
import { GatewayError } from '../errors.ts';
import type { WorkerCore } from '../native/addon.ts';
import { type Listener, untilNoneOpen } from './listener.ts';

/** Accepts on `address` as the configuration's listener `number`. Throws `GatewayError`. */
export function listenNatively(core: WorkerCore, number: number, address: Address): Listener {
  try {
    core.front.listen(number, address);
  } catch (cause) {
    const { host, port } = address;
    throw new GatewayError('address_in_use', `cannot listen on ${host}:${port}`, { cause });
  }
  return {
    stopAccepting: () => core.front.stopListening(number),
    drain: (deadlineMs) => {
      core.front.drain();
      return untilNoneOpen(() => core.front.busy(), deadlineMs);
    },
    close: () => core.front.close(),
  };
}
