/**
 * One client: sends a case's bytes from an address of its own, and reads until it has what the
 * bytes deserve, or the gateway has closed.
 *
 * @module
 */

import { connect, type Socket } from 'node:net';

import { parseResponse, type ResponseMessage } from '../../support/http1.ts';
import type { Case } from './cases.ts';
import { methodOf, type Reading } from './reading.ts';

/** What is owed comes within this time, however busy the machine is. */
export const ANSWER_MAX_MS = 8000;

export interface Heard {
  /** The final answers. */
  readonly answers: readonly ResponseMessage[];
  /** Bytes that are no whole answer. */
  readonly rest: Buffer;
  /** Who ended it: the gateway closed, or the client had all it waited for, or gave up, or left. */
  readonly ended: 'closed' | 'content' | 'gave up' | 'left';
  /** The gateway closed with a reset, which may have taken answers with it. */
  readonly reset: boolean;
  /** The gateway did not close after the client had. */
  readonly lingering: boolean;
  readonly connected: boolean;
}

export interface Place {
  readonly port: number;
  readonly localAddress: string;
  /** How long a refusal of what is no request is waited for. */
  readonly refusalMaxMs: number;
}

class Conversation {
  readonly #answers: ResponseMessage[] = [];
  readonly #socket: Socket;
  readonly #case: Case;
  readonly #reading: Reading;
  readonly #refusalMaxMs: number;
  #rest: Buffer = Buffer.alloc(0);
  #ended: Heard['ended'] | null = null;
  #reset = false;
  #connected = false;
  #lingering = false;
  #sent = false;
  #timer: NodeJS.Timeout | null = null;
  readonly heard: Promise<Heard>;

  constructor(place: Place, one: Case, reading: Reading) {
    this.#case = one;
    this.#reading = reading;
    const { port, localAddress } = place;
    this.#refusalMaxMs = place.refusalMaxMs;
    this.#socket = connect({
      port,
      localAddress,
      host: '127.0.0.1',
      noDelay: true,
      allowHalfOpen: true,
    });
    this.#socket.on('connect', () => {
      this.#connected = true;
      this.#send(0);
    });
    this.#socket.on('data', (chunk) => this.#take(chunk));
    this.#socket.on('error', () => {
      this.#reset = true;
    });
    this.#socket.on('end', () => {
      this.#ended ??= 'closed';
      this.#socket.destroy();
    });
    this.heard = new Promise((resolve) => {
      this.#socket.on('close', () => resolve(this.#verdict()));
    });
  }

  #send(at: number): void {
    const piece = this.#case.pieces[at];
    if (!this.#socket.writable || this.#ended !== null) return;
    if (piece === undefined) {
      this.#allSent();
      return;
    }
    const next = () => {
      this.#socket.write(piece.bytes);
      this.#send(at + 1);
    };
    if (piece.waitMs === null) next();
    else if (piece.waitMs === 0) setImmediate(() => this.#socket.writable && next());
    else setTimeout(() => this.#socket.writable && next(), piece.waitMs);
  }

  #allSent(): void {
    this.#sent = true;
    const { leavesAfterMs } = this.#case;
    if (leavesAfterMs !== null) {
      setTimeout(() => {
        this.#ended ??= 'left';
        this.#socket.destroy();
      }, leavesAfterMs);
      return;
    }
    this.#look();
    const limitMs = this.#reading.tail === 'invalid' ? this.#refusalMaxMs : ANSWER_MAX_MS;
    this.#timer ??= setTimeout(() => this.#leave('gave up'), limitMs);
  }

  #take(chunk: Buffer): void {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    this.#read(false);
    this.#look();
  }

  #read(ended: boolean): void {
    while (this.#rest.length > 0) {
      const method = methodOf(this.#reading, this.#answers.length);
      const parsed = parseResponse(this.#rest, method, ended);
      if (parsed.kind !== 'message') return;
      if (parsed.message.status >= 200) this.#answers.push(parsed.message);
      this.#rest = this.#rest.subarray(parsed.length);
    }
  }

  /** Leaves once everything is there that can be. */
  #look(): void {
    if (!this.#sent || this.#ended !== null || this.#case.leavesAfterMs !== null) return;
    const { requests, tail } = this.#reading;
    const owed = requests.length + (tail === 'invalid' ? 1 : 0);
    if (this.#answers.length < owed) return;
    const { lingersMs } = this.#case;
    if (lingersMs === 0) this.#leave('content');
    else setTimeout(() => this.#leave('content'), lingersMs);
  }

  #leave(why: 'content' | 'gave up'): void {
    if (this.#ended !== null) return;
    this.#ended = why;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#lingering = true;
      this.#socket.destroy();
    }, ANSWER_MAX_MS);
    this.#socket.end();
  }

  #verdict(): Heard {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#read(true);
    return {
      answers: this.#answers,
      rest: this.#rest,
      ended: this.#ended ?? 'closed',
      reset: this.#reset,
      lingering: this.#lingering,
      connected: this.#connected,
    };
  }
}

export function converse(place: Place, one: Case, reading: Reading): Promise<Heard> {
  return new Conversation(place, one, reading).heard;
}
