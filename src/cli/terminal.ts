/**
 * Where a command reads and writes; a test gives its own.
 *
 * @module
 */

import { styleText } from 'node:util';

export type Colour = 'bold' | 'dim' | 'green' | 'red' | 'yellow';

export interface Terminal {
  /** Results: what a pipe should get. */
  out(text: string): void;
  /** Everything that is said to a person beside the result. */
  err(text: string): void;
  /** `text` in a colour where `out` shows colours, else as it is. */
  paint(colour: Colour, text: string): string;
  /** All of standard input, at most `INPUT_MAX_BYTES`. */
  readInput(): Promise<string>;
}

const INPUT_MAX_BYTES = 65_536;

/** Colours on a terminal only, and not where `NO_COLOR` is set. Source: no-color.org. */
export function processTerminal(): Terminal {
  const coloured = process.stdout.isTTY && !process.env['NO_COLOR'];
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    paint: (colour, text) => (coloured ? styleText(colour, text) : text),
    readInput,
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
