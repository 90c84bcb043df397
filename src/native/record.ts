/**
 * The layout of a record, by which native code tells the front what to do with an exchange.
 *
 * A record is eight words: exchange id, kind and flags, status, head start, body start, body end,
 * and the total length in two halves. Starts and ends are positions in the data buffer. A head is
 * the value of the request-id field, then further field lines, without the last CRLF.
 *
 * Source: native/addon/src/ring/record.rs.
 *
 * @module
 */

export const RECORD_WORDS = 8;

/** What a record says; the low byte of its second word. */
export const KIND = {
  whole: 1,
  start: 2,
  chunk: 3,
  end: 4,
  abort: 5,
  resumeBody: 6,
  /** A connection to take over: the id is its descriptor, the status its listener's number. */
  connection: 7,
  /**
   * A decision waits for an answer; the status is the stage, the head the question: route, method,
   * URL, thumbprint of the client's certificate, then names and values of fields, with a zero byte
   * between. One to a policy has more in front, and what is shown of the request's body behind it;
   * the total length is the whole body's.
   */
  pause: 8,
} as const;

/** What a paused decision waits for. Source: native/core/src/decide/verdict.rs. */
export const STAGE = { caller: 1, resourceMetadata: 2, policy: 3 } as const;

/** How a response ends; the bits above the low byte of the second word. */
export const FLAG = {
  /** The connection closes after the response. */
  close: 1 << 8,
  /** The response has no body, whatever its head says. */
  noBody: 2 << 8,
  /** The total length is known. */
  length: 4 << 8,
  /** Nothing behind the request may be read. */
  tearDown: 8 << 8,
  /** The request has a body that nobody will read. */
  unread: 16 << 8,
} as const;

/** In the result of `begin`: the body is to be passed on. */
export const WANTS_BODY = 1 << 30;

/** Index of an exchange among those in flight: the low half of its id. */
export const INDEX_MASK = 0xffff;
