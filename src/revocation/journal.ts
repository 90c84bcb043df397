/**
 * The file of revocations: a line of JSON for each change, on the disk before anybody is told that it is done.
 *
 * A line is `{"revoked": …}` or `{"undone": ID}`. What a crash left of a last line was never promised and is dropped;
 * anything else that can't be read is an error, because a revocation might be in it. Whoever writes holds the lock
 * beside the file (`.lock`); the kernel lets go of it when its process ends.
 * Bounds: `FILE_MAX_BYTES`, and what would make it longer is refused. The file is for its owner only.
 *
 * @module
 */

import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';

import { holdLock, releaseLock } from '../native/addon.ts';
import { isId, type Revocation, revocationFrom } from './revocation.ts';

export type Line = { readonly revoked: Revocation } | { readonly undone: string };

const FILE_MAX_BYTES = 128 * 1024 * 1024;
const FOR_OWNER = 0o600;

export class Journal {
  readonly path: string;
  #isHeld = false;
  /** Whether the file ends where our last line does. */
  #isWhole = false;
  /** In the file, as far as we know. */
  lines = 0;
  #bytes = 0;
  readonly #maxBytes: number;

  /** `maxBytes` is for tests. */
  constructor(path: string, maxBytes = FILE_MAX_BYTES) {
    this.path = path;
    this.#maxBytes = maxBytes;
  }

  get isHeld(): boolean {
    return this.#isHeld;
  }

  get exists(): boolean {
    return existsSync(this.path);
  }

  /** Takes the lock; false when another gateway has it. Throws when the folder can't be written to. */
  hold(): boolean {
    if (this.#isHeld) return true;
    mkdirSync(dirname(this.path), { recursive: true });
    this.#isHeld = holdLock(`${this.path}.lock`);
    return this.#isHeld;
  }

  release(): void {
    if (this.#isHeld) releaseLock(`${this.path}.lock`);
    this.#isHeld = false;
  }

  /** What is in force, by id. Throws, saying where, when a line can't be understood. */
  read(): Map<string, Revocation> {
    const found = new Map<string, Revocation>();
    if (!this.exists) return found;
    this.#bytes = statSync(this.path).size;
    if (this.#bytes > this.#maxBytes)
      throw new Error(`${this.path} is over ${this.#maxBytes} bytes`);
    const lines = readFileSync(this.path, 'utf8').split('\n');
    this.#isWhole = lines.pop() === '';
    this.lines = lines.length;
    for (const [at, text] of lines.entries()) {
      const line = lineFrom(text);
      if (line === null) throw new Error(`${this.path}:${at + 1}: not a line of this file`);
      if ('revoked' in line) found.set(line.revoked.id, line.revoked);
      else found.delete(line.undone);
    }
    return found;
  }

  /**
   * Writes a line and waits for the disk; `inForce` is what the file says before it. False, and nothing is written,
   * when the file would be too long. Throws when that fails, and the next change writes the whole file.
   */
  append(line: Line, inForce: ReadonlyMap<string, Revocation>): boolean {
    const text = Buffer.from(`${JSON.stringify(line)}\n`);
    const isLong = this.#bytes + text.length > this.#maxBytes;
    if (isLong && 'undone' in line) {
      this.rewrite([...inForce.values()].filter(({ id }) => id !== line.undone));
      return true;
    }
    if (isLong || !this.#isWhole || !this.exists) this.rewrite(inForce.values());
    if (this.#bytes + text.length > this.#maxBytes) return false;
    this.#isWhole = false;
    onFile(this.path, 'a', (descriptor) => {
      if (writeSync(descriptor, text) < text.length) throw new Error('the disk is full');
      fsyncSync(descriptor);
    });
    this.#isWhole = true;
    this.#bytes += text.length;
    this.lines += 1;
    return true;
  }

  /** Writes the file anew, with nothing in it that is over. Throws when that fails; then the old one is there. */
  rewrite(inForce: Iterable<Revocation>): void {
    const lines = [...inForce].map((revoked) => `${JSON.stringify({ revoked })}\n`);
    const text = Buffer.from(lines.join(''));
    const beside = `${this.path}.new`;
    onFile(beside, 'w', (descriptor) => {
      writeFileSync(descriptor, text);
      fsyncSync(descriptor);
    });
    renameSync(beside, this.path);
    onFile(dirname(this.path), 'r', fsyncSync);
    this.#isWhole = true;
    this.#bytes = text.length;
    this.lines = lines.length;
  }
}

function lineFrom(text: string): Line | null {
  let line: unknown;
  try {
    line = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof line !== 'object' || line === null) return null;
  if ('undone' in line) {
    return typeof line.undone === 'string' && isId(line.undone) ? { undone: line.undone } : null;
  }
  const revoked = 'revoked' in line ? revocationFrom(line.revoked) : null;
  return revoked && { revoked };
}

function onFile(path: string, flags: 'a' | 'w' | 'r', work: (descriptor: number) => void): void {
  const descriptor = openSync(path, flags, FOR_OWNER);
  try {
    work(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
