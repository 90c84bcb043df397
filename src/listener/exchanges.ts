/**
 * The downstream half of exchanges in flight: which uWebSockets.js response an exchange id means,
 * and what becomes of the records that native code writes for it.
 *
 * Nothing here touches a response after it was ended or aborted: an exchange leaves the table
 * first. Writes happen inside `cork`, so that a head and its body go out together.
 *
 * Bounds: as many entries as the native side has exchanges; of each at most one piece of a body
 * (64 KiB) waits here while its client takes no more.
 *
 * @module
 */

import type { HttpResponse } from 'uWebSockets.js';

import type { WorkerCore } from '../native/addon.ts';
import { FLAG, INDEX_MASK, KIND, RECORD_WORDS } from '../native/record.ts';
import { answerAndLinger, bodyOf, refuseBody, totalOf, writeHead, writeWhole } from './answer.ts';

/** A response whose body comes in pieces. */
interface Stream {
  /** Total length; null when it is not known, and the body is chunked. */
  readonly total: number | null;
  /** What a client with a full window has not taken yet. */
  rest: Uint8Array | null;
  watched: boolean;
}

interface Downstream {
  readonly id: number;
  readonly res: HttpResponse;
  stream: Stream | null;
  /** Its request body is still coming. */
  receiving: boolean;
  /** The client is gone, or has got everything: `res` must not be touched again. */
  over: boolean;
}

export class Exchanges {
  readonly #core: WorkerCore;
  readonly #adopt: (listener: number, descriptor: number) => void;
  readonly #table: (Downstream | null)[] = [];
  readonly #corked = (): void => this.#respond();
  #draining = false;
  #record = 0;
  #current: Downstream | null = null;
  /** Responses that native code is done with, and their clients are not. */
  #flushing = 0;

  /** `adopt` takes over a connection, given its listener's number and its descriptor. */
  constructor(core: WorkerCore, adopt: (listener: number, descriptor: number) => void) {
    this.#core = core;
    this.#adopt = adopt;
    core.onRecords((count) => this.#take(count));
  }

  /** From now on every response closes its connection. */
  drain(): void {
    this.#draining = true;
  }

  get draining(): boolean {
    return this.#draining;
  }

  /** Exchanges that have begun and whose response has not been taken by the client. */
  get open(): number {
    return this.#core.exchangesInFlight() + this.#flushing;
  }

  /** Remembers the response that exchange `id` ends in, and tells native code when it is gone. */
  add(id: number, res: HttpResponse): void {
    const downstream: Downstream = { id, res, stream: null, receiving: false, over: false };
    this.#table[id & INDEX_MASK] = downstream;
    res.onAborted(() => {
      const flushing = this.#find(id) !== downstream;
      if (!downstream.over && flushing) this.#flushing -= 1;
      this.#close(downstream);
      if (!flushing) this.#core.abort(id);
    });
  }

  /** Passes a request body on, piece by piece. */
  receiveBody(id: number, res: HttpResponse): void {
    const downstream = this.#find(id);
    if (downstream === null) return;
    downstream.receiving = true;
    res.onData((chunk, last) => {
      if (last) downstream.receiving = false;
      const uptake = this.#core.body(id, chunk, last);
      if (downstream.over || uptake === 0) return;
      if (uptake === 1) {
        res.pause();
      } else {
        this.#close(downstream);
        refuseBody(res, this.#core, last);
      }
    });
  }

  #find(id: number): Downstream | null {
    const found = this.#table[id & INDEX_MASK] ?? null;
    return found?.id === id ? found : null;
  }

  #take(count: number): void {
    const { records } = this.#core;
    for (let at = 0; at < count * RECORD_WORDS; at += RECORD_WORDS) {
      const kind = (records[at + 1] ?? 0) & 0xff;
      if (kind >= KIND.connection) {
        if (kind === KIND.pause) this.#core.takePaused(at);
        else this.#adopt(records[at + 2] ?? 0, records[at] ?? 0);
        continue;
      }
      const downstream = this.#find(records[at] ?? 0);
      if (downstream === null) continue;
      this.#record = at;
      this.#current = downstream;
      downstream.res.cork(this.#corked);
    }
    this.#current = null;
  }

  #respond(): void {
    const downstream = this.#current;
    if (downstream === null) return;
    const kind = (this.#core.records[this.#record + 1] ?? 0) & 0xff;
    if (kind === KIND.whole) this.#whole(downstream);
    else if (kind === KIND.start) this.#start(downstream);
    else if (kind === KIND.chunk)
      this.#push(downstream, bodyOf(this.#core, this.#core.records, this.#record));
    else if (kind === KIND.end) this.#end(downstream);
    else if (kind === KIND.resumeBody) downstream.res.resume();
    else this.#close(downstream).close();
  }

  #whole(downstream: Downstream): void {
    const { records } = this.#core;
    const res = this.#close(downstream);
    const at = this.#record;
    const flags = records[at + 1] ?? 0;
    if (!downstream.receiving) {
      writeWhole(res, this.#core, records, at, this.#draining);
    } else if ((flags & FLAG.unread) !== 0) {
      answerAndLinger(res, this.#core, records, at);
      res.resume();
    } else {
      // The upstream did not wait for the body: what is left of it is read for nothing.
      writeHead(res, this.#core, records, at);
      res.writeHeader('connection', 'close');
      res.resume();
      res.end(bodyOf(this.#core, records, at));
    }
  }

  #start(downstream: Downstream): void {
    const { records } = this.#core;
    const at = this.#record;
    const flags = records[at + 1] ?? 0;
    const total = (flags & FLAG.length) === 0 ? null : totalOf(records, at);
    writeHead(downstream.res, this.#core, records, at);
    downstream.stream = { total, rest: null, watched: false };
    // Closing is left to the client, or to uWebSockets.js when it was the client's wish.
    if ((flags & FLAG.close) !== 0 || this.#draining) {
      downstream.res.writeHeader('connection', 'close');
    }
    this.#push(downstream, bodyOf(this.#core, records, at));
  }

  /** Writes a piece; a client that takes no more stops the upstream. */
  #push(downstream: Downstream, piece: Uint8Array): void {
    const { res, stream, id } = downstream;
    if (stream === null) return;
    if (stream.rest !== null) {
      // Read before the upstream was stopped: it goes behind what waits already.
      stream.rest = Buffer.concat([stream.rest, piece]);
      return;
    }
    if (stream.total === null) {
      if (res.write(piece)) return;
    } else {
      const before = res.getWriteOffset();
      const [taken, complete] = res.tryEnd(piece, stream.total);
      // With the last byte the response is over, before the record that says so.
      if (complete) this.#close(downstream);
      if (taken) return;
      stream.rest = piece.slice(res.getWriteOffset() - before);
    }
    this.#core.flow(id, true);
    if (stream.watched) return;
    stream.watched = true;
    res.onWritable(() => downstream.over || this.#writable(downstream, stream));
  }

  #writable(downstream: Downstream, stream: Stream): boolean {
    const { res, id } = downstream;
    const flushing = this.#find(id) !== downstream;
    if (stream.rest !== null && stream.total !== null) {
      const before = res.getWriteOffset();
      const [taken, complete] = res.tryEnd(stream.rest, stream.total);
      if (!taken) {
        stream.rest = stream.rest.subarray(res.getWriteOffset() - before);
        return false;
      }
      stream.rest = null;
      if (complete) {
        if (flushing) this.#flushing -= 1;
        this.#close(downstream);
        return true;
      }
    }
    if (!flushing) this.#core.flow(id, false);
    return true;
  }

  #end(downstream: Downstream): void {
    const { stream } = downstream;
    if (stream === null) return;
    if (stream.total === null) {
      this.#close(downstream).end();
      return;
    }
    // What its client has not taken yet still goes out, but the id is free for the next exchange.
    this.#table[downstream.id & INDEX_MASK] = null;
    this.#flushing += 1;
  }

  /** The response is over, or about to be by the one call that the caller makes. */
  #close(downstream: Downstream): HttpResponse {
    downstream.over = true;
    if (this.#find(downstream.id) === downstream) {
      this.#table[downstream.id & INDEX_MASK] = null;
    }
    return downstream.res;
  }
}
