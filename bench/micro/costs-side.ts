/**
 * One side of a cost: a worker in a process of its own, which does requests when it is told to.
 *
 * `node costs-side.js plain | tokens | metered`. Told a block (`{ kind }`), it answers with the CPU
 * nanoseconds of a request: of begun and ended ones, in runs of 64 between two turns of the loop, and
 * of those turns; making the heads is left out. Ends when its parent does.
 *
 * Bounds: `BLOCK_TURNS` turns a block; the spool is kept at 64 MiB, and nobody ships it.
 *
 * @module
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { openWithTokens, tokenHeads } from './known-tokens.ts';
import { flat, headsOf, KEYS, keys, openSubject, PEER, type Subject } from './subject.ts';

export const SIDES = ['plain', 'tokens', 'metered'] as const;
export type Side = (typeof SIDES)[number];

/** Who calls: by a key, or by a token that is known. */
export type Caller = 'key' | 'token';

/** What a side answers; it says `ready` once, unasked. */
export type Told = { readonly ready: true } | { readonly cpuNs: number };

const TURN_CALLS = 64;
const BLOCK_TURNS = 32;

interface Opened {
  readonly core: Subject['core'];
  readonly heads: Readonly<Record<Caller, (index: number) => string>>;
  /** Requests that JavaScript was asked about. */
  readonly questions: () => number;
}

const withKey = headsOf('/echo/v1/orders', 'expand=lines');
const keyHead = (index: number): string => withKey(keys[index] ?? '');

async function open(side: string | undefined): Promise<Opened> {
  if (side === 'tokens') {
    const { core, tokens, questions } = await openWithTokens();
    const head = tokenHeads();
    return { core, questions, heads: { key: keyHead, token: (at) => head(tokens[at] ?? '') } };
  }
  const settings = side === 'metered' ? metering() : '';
  const { core } = await openSubject({ settings, routes: '' });
  return { core, questions: () => 0, heads: { key: keyHead, token: keyHead } };
}

function metering(): string {
  const folder = mkdtempSync(join(tmpdir(), 'stoa-bench-spool-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  return `metering: { enabled: true, spool: { directory: "${folder}", maxBytes: 67108864 } }\n`;
}

const { core, heads, questions } = await open(process.argv[2]);
const prepared: string[] = Array.from({ length: TURN_CALLS }, () => '');
const ids = new Uint32Array(TURN_CALLS);
let next = 0;

/** CPU nanoseconds of a request. Throws when not every one was forwarded without being asked about. */
async function block(kind: Caller): Promise<number> {
  const asked = questions();
  let cpuUs = 0;
  for (let turn = 0; turn < BLOCK_TURNS; turn += 1) {
    for (let at = 0; at < TURN_CALLS; at += 1) {
      next = next === KEYS - 1 ? 0 : next + 1;
      prepared[at] = flat(heads[kind](next));
    }
    const before = process.cpuUsage();
    for (let at = 0; at < TURN_CALLS; at += 1) ids[at] = core.begin(prepared[at] ?? '', PEER);
    for (const id of ids) core.abort(id);
    await new Promise((resolve) => setImmediate(resolve));
    const { user, system } = process.cpuUsage(before);
    cpuUs += user + system;
    if (ids.includes(0)) throw new Error(`a request with a ${kind} was refused`);
  }
  if (questions() !== asked) throw new Error('a token was not known any more');
  return (cpuUs * 1000) / (BLOCK_TURNS * TURN_CALLS);
}

const tell = (told: Told): void => void process.send?.(told);

process.on('disconnect', () => process.exit(0));
process.on('message', ({ kind }: { kind: Caller }) => {
  void block(kind).then((cpuNs) => tell({ cpuNs }));
});
tell({ ready: true });
