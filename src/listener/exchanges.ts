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
import { writeHead, writeHeadAndClose } from './answer.ts';

/** A response whose body comes in pieces. */
interface Stream {
  /** Total length; null when it is not known, and the body is chunked. */
  readonly total: number | null;
  readonly close: boolean;
  /** What a client with a full window has not taken yet. */
  rest: Uint8Array | null;
  watched: boolean;
}

interface Downstream {
  readonly id: number;
  readonly res: HttpResponse;
  stream: Stream | null;
}

export class Exchanges {
  readonly #core: WorkerCore;
  readonly #table: (Downstream | null)[] = [];
  readonly #corked = (): void => this.#respond();
  #draining = false;
  #record = 0;
  #current: Downstream | null = null;

  constructor(core: WorkerCore) {
    this.#core = core;
    core.onRecords((count) => this.#take(count));
  }

  /** From now on every response closes its connection. */
  drain(): void {
    this.#draining = true;
  }

  get draining(): boolean {
    return this.#draining;
  }

  /** Remembers the response that exchange `id` ends in, and tells native code when it is gone. */
  add(id: number, res: HttpResponse): void {
    const index = id & INDEX_MASK;
    this.#table[index] = { id, res, stream: null };
    res.onAborted(() => {
      if (this.#table[index]?.id !== id) return;
      this.#table[index] = null;
      this.#core.abort(id);
    });
  }

  /** Passes a request body on, piece by piece. */
  receiveBody(id: number, res: HttpResponse): void {
    res.onData((chunk, last) => {
      if (this.#core.body(id, chunk, last) === 1 && this.#find(id) !== null) res.pause();
    });
  }

  #find(id: number): Downstream | null {
    const found = this.#table[id & INDEX_MASK] ?? null;
    return found?.id === id ? found : null;
  }

  #take(count: number): void {
    const { records } = this.#core;
    for (let at = 0; at < count * RECORD_WORDS; at += RECORD_WORDS) {
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
    else if (kind === KIND.chunk) this.#push(downstream, this.#bodyBytes());
    else if (kind === KIND.end) this.#end(downstream);
    else if (kind === KIND.resumeBody) downstream.res.resume();
    else this.#forget(downstream).close();
  }

  #whole(downstream: Downstream): void {
    const { records, data } = this.#core;
    const res = this.#forget(downstream);
    const at = this.#record;
    const flags = records[at + 1] ?? 0;
    const close = (flags & FLAG.close) !== 0 || this.#draining;
    const lengthKnown = (flags & FLAG.length) !== 0;
    // Only a response with a length can be ended and closed in one call.
    if ((flags & FLAG.noBody) !== 0 && !lengthKnown && close) {
      writeHeadAndClose(res, this.#core, records, at);
      return;
    }
    writeHead(res, this.#core, records, at);
    if ((flags & FLAG.noBody) === 0) {
      res.end(data.subarray(records[at + 4] ?? 0, records[at + 5] ?? 0), close);
    } else if (lengthKnown) {
      res.endWithoutBody(totalOf(records, at), close);
    } else {
      res.endWithoutBody();
    }
  }

  #start(downstream: Downstream): void {
    const { records } = this.#core;
    const at = this.#record;
    const flags = records[at + 1] ?? 0;
    const close = (flags & FLAG.close) !== 0 || this.#draining;
    // A body whose length is written can't be told to close after it: it is chunked instead.
    const total = (flags & FLAG.length) !== 0 && !close ? totalOf(records, at) : null;
    writeHead(downstream.res, this.#core, records, at);
    downstream.stream = { total, close, rest: null, watched: false };
    if (close) downstream.res.writeHeader('connection', 'close');
    this.#push(downstream, this.#bodyBytes());
  }

  #bodyBytes(): Uint8Array {
    const { records, data } = this.#core;
    return data.subarray(records[this.#record + 4] ?? 0, records[this.#record + 5] ?? 0);
  }

  /** Writes a piece; a client that takes no more stops the upstream. */
  #push(downstream: Downstream, piece: Uint8Array): void {
    const { res, stream, id } = downstream;
    if (stream === null) return;
    if (stream.total === null) {
      if (res.write(piece)) return;
    } else {
      const before = res.getWriteOffset();
      const [taken, complete] = res.tryEnd(piece, stream.total);
      // With the last byte the response is over, before the record that says so.
      if (complete) this.#forget(downstream);
      if (taken) return;
      stream.rest = piece.slice(res.getWriteOffset() - before);
    }
    this.#core.flow(id, true);
    if (stream.watched) return;
    stream.watched = true;
    res.onWritable(() => this.#writable(downstream, stream));
  }

  #writable(downstream: Downstream, stream: Stream): boolean {
    const { res, id } = downstream;
    if (this.#find(id) !== downstream) return true;
    if (stream.rest !== null && stream.total !== null) {
      const before = res.getWriteOffset();
      const [taken, complete] = res.tryEnd(stream.rest, stream.total);
      if (!taken) {
        stream.rest = stream.rest.subarray(res.getWriteOffset() - before);
        return false;
      }
      stream.rest = null;
      if (complete) this.#forget(downstream);
    }
    this.#core.flow(id, false);
    return true;
  }

  #end(downstream: Downstream): void {
    const { stream, res } = downstream;
    if (stream === null) return;
    // A response of known length ends with its last byte, which may still wait here.
    if (stream.total !== null) return;
    this.#forget(downstream);
    res.end(undefined, stream.close);
  }

  #forget(downstream: Downstream): HttpResponse {
    this.#table[downstream.id & INDEX_MASK] = null;
    return downstream.res;
  }
}

function totalOf(records: Uint32Array, at: number): number {
  return (records[at + 7] ?? 0) * 2 ** 32 + (records[at + 6] ?? 0);
}
