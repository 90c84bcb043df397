/**
 * As much of WebSocket as an echo of short text needs: the opening handshake and unfragmented
 * frames.
 *
 * Bounds: payloads under 126 bytes out, under 64 KiB in. Masks are constant: nothing here guards
 * against an intermediary's cache.
 *
 * Source: RFC 6455 §4.1, §4.2.2, §5.2.
 *
 * @module
 */

import { createHash, randomBytes } from 'node:crypto';

const ACCEPT_SUFFIX = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const TEXT_MAX_BYTES = 125;
const FIN_TEXT = 0x81;
const MASKED = 0x80;
const MASK = Buffer.from([0x12, 0x34, 0x56, 0x78]);
const LENGTH_16 = 126;
const LENGTH_64 = 127;

/** The request that opens a connection, and the key that its answer has to know. */
export function handshake(
  host: string,
  path: string,
  headers: Readonly<Record<string, string>>,
): { readonly text: string; readonly key: string } {
  const key = randomBytes(16).toString('base64');
  const fields = {
    ...headers,
    host,
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': key,
  };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  return { text: `GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`, key };
}

/** Whether a whole head, with its empty line, is the answer to that key. */
export function isAccepted(head: string, key: string): boolean {
  const expected = createHash('sha1').update(`${key}${ACCEPT_SUFFIX}`).digest('base64');
  const accept = /^sec-websocket-accept:[ \t]*(\S+)/im.exec(head)?.[1];
  return head.startsWith('HTTP/1.1 101') && accept === expected;
}

/** One text message, as a client sends it. Throws when it is too long. */
export function clientFrame(text: string): Buffer {
  const payload = Buffer.from(text);
  if (payload.length > TEXT_MAX_BYTES) throw new Error(`longer than ${TEXT_MAX_BYTES} bytes`);
  const masked = payload.map((byte, index) => byte ^ (MASK[index % MASK.length] ?? 0));
  return Buffer.concat([Buffer.from([FIN_TEXT, MASKED | payload.length]), MASK, masked]);
}

/** Cuts what a server sends into messages, however it was cut on its way. */
export class ServerFrames {
  #rest: Buffer = Buffer.alloc(0);

  /** The messages that `piece` completes. Throws for what is no short frame of a server. */
  take(piece: Buffer): string[] {
    this.#rest = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    const messages: string[] = [];
    for (;;) {
      const frame = wholeFrame(this.#rest);
      if (frame === null) return messages;
      messages.push(this.#rest.toString('utf8', frame.from, frame.to));
      this.#rest = this.#rest.subarray(frame.to);
    }
  }
}

/** Where the payload of the first frame lies, or null when it is not all there. */
function wholeFrame(bytes: Buffer): { readonly from: number; readonly to: number } | null {
  const [, second = 0] = bytes;
  if (bytes.length < 2) return null;
  if ((second & MASKED) !== 0 || second === LENGTH_64) throw new Error('no short frame of a server');
  const isLong = second === LENGTH_16;
  const from = isLong ? 4 : 2;
  if (bytes.length < from) return null;
  const to = from + (isLong ? bytes.readUInt16BE(2) : second);
  return bytes.length < to ? null : { from, to };
}
