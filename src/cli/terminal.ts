/**
 * Where a command reads and writes; a test gives its own.
 *
 * @module
 */

import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { styleText } from 'node:util';

export type Colour = 'bold' | 'dim' | 'green' | 'red' | 'yellow';

export interface Terminal {
  /** Results: what a pipe should get. */
  out(text: string): void;
  /** Everything that is said to a person beside the result. */
  err(text: string): void;
  /** `text` in a colour where `out` shows colours, else as it is. */
  paint(colour: Colour, text: string): string;
  /**
   * All of standard input, at most `INPUT_MAX_BYTES`; with `hidden`, where that is a terminal, one line that it
   * does not show.
   */
  readInput(how?: 'hidden'): Promise<string>;
}

const INPUT_MAX_BYTES = 65_536;

/** Colours on a terminal only, and not where `NO_COLOR` is set. Source: no-color.org. */
export function processTerminal(): Terminal {
  const coloured = process.stdout.isTTY && !process.env['NO_COLOR'];
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    paint: (colour, text) => (coloured ? styleText(colour, text) : text),
    readInput: (how) => (how === 'hidden' && process.stdin.isTTY ? readHidden() : readInput()),
  };
}

async function readInput(): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > INPUT_MAX_BYTES) break;
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** In raw mode the terminal shows nothing, and what is edited goes nowhere. */
async function readHidden(): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({
    input: process.stdin,
    output: nowhere,
    terminal: true,
    historySize: 0,
  });
  process.stderr.write('Password: ');
  try {
    const read = once(lines, 'line').then(([line]) => String(line));
    const closed = once(lines, 'close').then(() => '');
    return await Promise.race([read, closed]);
  } finally {
    lines.close();
    process.stderr.write('\n');
  }
}
