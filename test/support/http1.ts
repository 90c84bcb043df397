/**
 * A strict HTTP/1.1 reader of the tests' own, for both directions. It shares nothing with the
 * gateway: what the two disagree on is what a test wants to see.
 *
 * Bounds: a whole message is held in memory, so bodies stay under a few megabytes here.
 * Source: RFC 9112 §2.2, §3, §4, §5, §6, §7.
 *
 * @module
 */

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const REQUEST_LINE = /^([^ ]+) ([\x21-\x7e\x80-\xff]+) HTTP\/1\.([01])$/;
const STATUS_LINE = /^HTTP\/1\.([01]) ([1-5][0-9][0-9]) ([\t\x20-\x7e\x80-\xff]*)$/;

export interface Field {
  readonly name: string;
  readonly value: string;
}

export interface RequestMessage {
  readonly method: string;
  readonly target: string;
  readonly fields: readonly Field[];
  readonly body: Buffer;
}

export interface ResponseMessage {
  readonly status: number;
  readonly reason: string;
  readonly fields: readonly Field[];
  readonly body: Buffer;
  /** Where the body ended: by length, by its last chunk, or only because the peer closed. */
  readonly delimited: 'length' | 'chunked' | 'close';
}

export type Parsed<T> =
  | { readonly kind: 'message'; readonly message: T; readonly length: number }
  | { readonly kind: 'partial' }
  | { readonly kind: 'invalid'; readonly why: string };

interface Head {
  readonly line: string;
  readonly fields: readonly Field[];
  readonly length: number;
}

const PARTIAL = { kind: 'partial' } as const;

function invalid(why: string): { readonly kind: 'invalid'; readonly why: string } {
  return { kind: 'invalid', why };
}

/** Every value of a field, in order; names compare without case. */
export function valuesOf(fields: readonly Field[], name: string): string[] {
  return fields.filter((field) => field.name.toLowerCase() === name).map((field) => field.value);
}

function parseField(line: string): Field | null {
  const colon = line.indexOf(':');
  const name = line.slice(0, Math.max(colon, 0));
  const value = line.slice(colon + 1).replace(/^[\t ]+|[\t ]+$/g, '');
  return TOKEN.test(name) && VALUE.test(value) ? { name, value } : null;
}

function parseHead(bytes: Buffer): Head | 'partial' | { readonly why: string } {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return 'partial';

  const [line = '', ...rest] = bytes.toString('latin1', 0, end).split('\r\n');
  if (/[\r\n]/.test(line)) return { why: 'bare CR or LF in the start line' };
  const fields: Field[] = [];
  for (const text of rest) {
    const field = parseField(text);
    if (field === null) return { why: `field line ${JSON.stringify(text.slice(0, 80))}` };
    fields.push(field);
  }
  return { line, fields, length: end + 4 };
}

export interface Body {
  readonly bytes: Buffer;
  readonly length: number;
}

/** Reads the chunks that begin at `start`; `length` is what they take, with the last one's end. */
export type ChunkReader = (
  bytes: Buffer,
  start: number,
) => Body | 'partial' | { readonly why: string };

function readChunked(bytes: Buffer, start: number): Body | 'partial' | { readonly why: string } {
  const data: Buffer[] = [];
  let at = start;
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd < 0) return 'partial';
    const line = bytes.toString('latin1', at, lineEnd);
    if (!/^[0-9A-Fa-f]{1,15}$/.test(line)) return { why: `chunk size ${JSON.stringify(line)}` };
    const size = Number.parseInt(line, 16);
    const dataStart = lineEnd + 2;
    if (bytes.length < dataStart + size + 2) return 'partial';
    const dataEnd = dataStart + size;
    if (bytes.toString('latin1', dataEnd, dataEnd + 2) !== '\r\n') return { why: 'chunk end' };
    at = dataEnd + 2;
    if (size === 0) return { bytes: Buffer.concat(data), length: at - start };
    data.push(bytes.subarray(dataStart, dataEnd));
  }
}

type Framing = number | 'chunked' | 'none' | { readonly why: string };

function framing(fields: readonly Field[]): Framing {
  const lengths = valuesOf(fields, 'content-length');
  const codings = valuesOf(fields, 'transfer-encoding');
  if (codings.length > 0) {
    if (lengths.length > 0) return { why: 'Content-Length beside Transfer-Encoding' };
    if (codings.length > 1 || codings[0]?.toLowerCase() !== 'chunked') {
      return { why: `Transfer-Encoding ${codings.join(' | ')}` };
    }
    return 'chunked';
  }
  const [length] = lengths;
  if (length === undefined) return 'none';
  if (lengths.length > 1 || !/^[0-9]{1,15}$/.test(length)) {
    return { why: `Content-Length ${lengths.join(' | ')}` };
  }
  return Number(length);
}

function readBody(
  bytes: Buffer,
  start: number,
  by: number | 'chunked',
  chunks: ChunkReader = readChunked,
) {
  if (by === 'chunked') return chunks(bytes, start);
  if (bytes.length < start + by) return 'partial' as const;
  return { bytes: bytes.subarray(start, start + by), length: by };
}

/** The first request of `bytes`. Extensions and trailers are refused unless `chunks` reads them. */
export function parseRequest(bytes: Buffer, chunks?: ChunkReader): Parsed<RequestMessage> {
  const head = parseHead(bytes);
  if (head === 'partial') return PARTIAL;
  if ('why' in head) return invalid(head.why);
  const [, method = '', target = ''] = REQUEST_LINE.exec(head.line) ?? [];
  if (!TOKEN.test(method)) return invalid(`request line ${JSON.stringify(head.line.slice(0, 80))}`);
  if (valuesOf(head.fields, 'host').length !== 1) return invalid('not exactly one Host');

  const by = framing(head.fields);
  if (typeof by === 'object') return invalid(by.why);
  const body = readBody(bytes, head.length, by === 'none' ? 0 : by, chunks);
  if (body === 'partial') return PARTIAL;
  if ('why' in body) return invalid(body.why);
  const message = { method, target, fields: head.fields, body: Buffer.from(body.bytes) };
  return { kind: 'message', message, length: head.length + body.length };
}

/**
 * The first response of `bytes`, to a request with this method; `ended` says that the peer has
 * closed, which is what ends a body that has neither a length nor chunks.
 */
export function parseResponse(
  bytes: Buffer,
  method: string,
  ended: boolean,
): Parsed<ResponseMessage> {
  const head = parseHead(bytes);
  if (head === 'partial') return PARTIAL;
  if ('why' in head) return invalid(head.why);
  const line = STATUS_LINE.exec(head.line);
  if (line === null) return invalid(`status line ${JSON.stringify(head.line.slice(0, 80))}`);

  const status = Number(line[2]);
  const by = responseLength(head, status, method === 'HEAD');
  if (typeof by === 'object') return invalid(by.why);
  if (by === 'close' && !ended) return PARTIAL;
  const body = readBody(bytes, head.length, by === 'close' ? bytes.length - head.length : by);
  if (body === 'partial') return PARTIAL;
  if ('why' in body) return invalid(body.why);

  const { fields } = head;
  const delimited: ResponseMessage['delimited'] = typeof by === 'number' ? 'length' : by;
  const message = { status, reason: line[3] ?? '', fields, body: body.bytes, delimited };
  return { kind: 'message', message, length: head.length + body.length };
}

/** RFC 9112 §6.3: what ends the body of a response. */
function responseLength(head: Head, status: number, toHead: boolean) {
  const declared = framing(head.fields);
  if (typeof declared === 'object') return declared;
  if (toHead || status < 200 || status === 204 || status === 304) return 0;
  return declared === 'none' ? 'close' : declared;
}

export interface Conversation {
  /** The final responses; interim ones (1xx) are in `interim`. */
  readonly responses: readonly ResponseMessage[];
  readonly interim: readonly number[];
  /** What follows the last whole response. */
  readonly rest: Buffer;
  readonly state: 'clean' | 'partial' | 'invalid';
}

/** All responses of `bytes`, to requests with these methods in order (GET when there are more). */
export function parseResponses(
  bytes: Buffer,
  methods: readonly string[],
  ended: boolean,
): Conversation {
  const responses: ResponseMessage[] = [];
  const interim: number[] = [];
  let rest = bytes;
  while (rest.length > 0) {
    const parsed = parseResponse(rest, methods[responses.length] ?? 'GET', ended);
    if (parsed.kind !== 'message') return { responses, interim, rest, state: parsed.kind };
    if (parsed.message.status < 200) interim.push(parsed.message.status);
    else responses.push(parsed.message);
    rest = rest.subarray(parsed.length);
  }
  return { responses, interim, rest, state: 'clean' };
}
