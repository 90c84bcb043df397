/**
 * Many connections that cost more than they should, as a program: `node attacker.js KIND PORT
 * COUNT`. Writes `ready` when it has them all; one that ends is opened anew, up to 500 a second.
 * Ends when it is told to, and with it its connections.
 *
 * @module
 */

import { connect, type Socket } from 'node:net';

/** What a connection sends first, what it goes on with, and whether it reads. */
interface Manner {
  readonly first: string;
  /** Sent every `PIECE_MS`; empty is nothing. */
  readonly piece: string;
  readonly reads: boolean;
}

const RAMP_BATCH = 200;
const TOP_UP_MS = 100;
const TOP_UP_MAX = 50;
const PIECE_MS = 2000;
/** The pieces of a round go out in so many parts, one after the other. */
const PIECE_PARTS = 100;

const HOST = 'Host: gw.test\r\n';
const get = (path: string): string => `GET /tarpit/${path} HTTP/1.1\r\n${HOST}\r\n`;
const SLOW_HEAD: Manner = {
  first: `GET /open/small HTTP/1.1\r\n${HOST}X-A: `,
  piece: 'a',
  reads: true,
};
const SLOW_BODY: Manner = {
  first: `POST /tarpit/read HTTP/1.1\r\n${HOST}Content-Length: 4000\r\n\r\n`,
  piece: 'b',
  reads: true,
};

const KINDS: Readonly<Record<string, readonly Manner[]>> = {
  idle: [{ first: '', piece: '', reads: true }],
  slow: [SLOW_HEAD, SLOW_BODY],
  silent: [{ first: get('silent'), piece: '', reads: true }],
  trickle: [{ first: get('trickle'), piece: '', reads: true }],
  deaf: [{ first: get('big'), piece: '', reads: false }],
};

const [kind = '', port, count] = process.argv.slice(2);
const manners = KINDS[kind] ?? [];
const wanted = Number(count);
const open: Array<{ socket: Socket; piece: string }> = [];
let opened = 0;

function openOne(): Promise<void> {
  const manner = manners[opened % manners.length];
  opened += 1;
  const socket = connect({ port: Number(port), host: '127.0.0.1', noDelay: true });
  if (manner?.reads === false) socket.pause();
  else socket.resume();
  socket.on('error', () => socket.destroy());
  const member = { socket, piece: manner?.piece ?? '' };
  socket.once('close', () => {
    const at = open.indexOf(member);
    if (at >= 0) open.splice(at, 1);
  });
  return new Promise((resolve) => {
    socket.once('close', resolve);
    socket.once('connect', () => {
      open.push(member);
      if (manner?.first) socket.write(manner.first);
      resolve();
    });
  });
}

async function openMany(most: number): Promise<void> {
  const missing = Math.min(most, wanted - open.length);
  await Promise.all(Array.from({ length: Math.max(0, missing) }, openOne));
}

for (let batch = 0; batch < wanted; batch += RAMP_BATCH) await openMany(RAMP_BATCH);
process.stdout.write('ready\n');

let part = 0;
setInterval(() => {
  for (let at = part; at < open.length; at += PIECE_PARTS) {
    const { socket, piece } = open[at] ?? {};
    if (piece && socket?.writable) socket.write(piece);
  }
  part = (part + 1) % PIECE_PARTS;
}, PIECE_MS / PIECE_PARTS);
setInterval(() => void openMany(TOP_UP_MAX), TOP_UP_MS);
