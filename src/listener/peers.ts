/**
 * The address that requests come from, without asking for it each time.
 *
 * uWebSockets.js does not say which connection a request belongs to, and asking for its address is
 * a system call and an allocation. But as long as every open connection has come from one address,
 * as behind a load balancer or beside another process, there is nothing to ask.
 *
 * @module
 */

import type { HttpResponse } from 'uWebSockets.js';

export class Peers {
  #open = 0;
  #common: ArrayBuffer | null = null;

  /** Call with 1 for each connection that opens, before its first request, and -1 when it closes. */
  count(res: HttpResponse, change: number): void {
    if (change > 0) {
      const address = res.getRemoteAddress();
      if (this.#open === 0) this.#common = address;
      else if (this.#common !== null && !isSame(this.#common, address)) this.#common = null;
      this.#open += 1;
    } else {
      this.#open -= 1;
    }
  }

  /** 4 or 16 bytes in network order. */
  of(res: HttpResponse): ArrayBuffer {
    return this.#common ?? res.getRemoteAddress();
  }
}

function isSame(a: ArrayBuffer, b: ArrayBuffer): boolean {
  return Buffer.from(a).equals(Buffer.from(b));
}
