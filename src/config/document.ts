/**
 * A YAML document that remembers where everything in it was written.
 *
 * Bounds: 16 MiB of text, 64 levels, 100 uses of aliases. Whatever the text is, reading it gives a
 * document or faults with a place; it never throws. No fault repeats the text: it may hold a secret.
 *
 * @module
 */

import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Scalar,
} from 'yaml';

import { nestedBeyond, placeOf } from './nesting.ts';
import type { Path, Place } from './problem.ts';
import { wordsFor } from './yaml-words.ts';

export const TEXT_MAX_BYTES = 16_777_216;
const LEVELS_MAX = 64;

/** One slip in YAML brings many after it. */
const FAULTS_MAX = 10;

export interface Fault extends Place {
  readonly message: string;
}

export type Read =
  | { readonly ok: true; readonly document: ConfigDocument }
  | { readonly ok: false; readonly faults: readonly Fault[] };

const START: Place = { line: 1, column: 1 };

export function readDocument(text: string): Read {
  if (Buffer.byteLength(text) > TEXT_MAX_BYTES) {
    return fail(START, `larger than ${TEXT_MAX_BYTES} bytes`);
  }
  const tooDeep = nestedBeyond(text, LEVELS_MAX);
  if (tooDeep !== null) return fail(tooDeep, `nested deeper than ${LEVELS_MAX} levels`);

  const lines = new LineCounter();
  const parsed = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    logLevel: 'error',
  });
  const errors = [...parsed.errors, ...parsed.warnings];
  const faults = errors
    .slice(0, FAULTS_MAX)
    .map((error) => faultAt(placeOf(lines, error.pos[0]), wordsFor(error)));
  if (faults.length > 0) return { ok: false, faults };

  const document = new ConfigDocument(parsed, lines);
  const fault = document.shapeFault();
  return fault === null ? { ok: true, document } : { ok: false, faults: [fault] };
}

export class ConfigDocument {
  readonly #parsed: Document;
  readonly #lines: LineCounter;

  constructor(parsed: Document, lines: LineCounter) {
    this.#parsed = parsed;
    this.#lines = lines;
  }

  /** The document as plain data, with what was written into scalars since. */
  toValue(): unknown {
    return this.#parsed.toJS({ maxAliasCount: 100 }) as unknown;
  }

  /** Calls `visit` with each scalar value and the way to it. Scalars behind an alias come once. */
  eachScalar(visit: (path: Path, scalar: Scalar) => void): void {
    walk(this.#parsed.contents, [], (path, node) => {
      if (isScalar(node)) visit(path, node);
    });
  }

  /** Where the value at `path` stands; if there is none, the nearest thing around it. */
  placeOf(path: Path, at: 'key' | 'value' = 'value'): Place {
    let node: unknown = this.#parsed.contents;
    let place = this.#placeOfNode(node) ?? START;
    for (const [index, step] of path.entries()) {
      const pair = pairOf(this.#resolve(node), step);
      if (pair === undefined) break;
      const wanted = at === 'key' && index === path.length - 1 ? pair.key : pair.value;
      place = this.#placeOfNode(wanted) ?? this.#placeOfNode(pair.key) ?? place;
      node = pair.value;
    }
    return place;
  }

  /** The path behind `routes.0.match.path`, whatever dots there are in the document's own keys. */
  pathOf(dotted: string): Path {
    const parts = dotted === '' ? [] : dotted.split('.');
    const path: (string | number)[] = [];
    let node: unknown = this.#parsed.contents;
    while (parts.length > 0) {
      const parent = this.#resolve(node);
      let length = parts.length;
      while (length > 1 && pairOf(parent, parts.slice(0, length).join('.')) === undefined) {
        length -= 1;
      }
      const step = parts.splice(0, length).join('.');
      const isPosition = /^\d+$/.test(step) && !isMap(parent);
      path.push(isPosition ? Number(step) : step);
      node = pairOf(parent, step)?.value;
    }
    return path;
  }

  /** What keeps the document from becoming plain data, or null. */
  shapeFault(): Fault | null {
    let fault: Fault | null = null;
    walk(this.#parsed.contents, [], (path, node) => {
      if (fault !== null) return;
      if (path.length > LEVELS_MAX) {
        fault = this.#faultAt(node, `nested deeper than ${LEVELS_MAX} levels`);
      } else if (isAlias(node)) {
        fault = this.#aliasFault(node);
      } else if (isMap(node)) {
        const odd = node.items.find(({ key }) => !isScalar(key) || key.value === '__proto__');
        if (odd !== undefined) fault = this.#faultAt(odd.key, 'this cannot be a key');
      }
    });
    if (fault !== null) return fault;
    try {
      this.toValue();
      return null;
    } catch {
      return this.#faultAt(this.#parsed.contents, 'aliases are used too often');
    }
  }

  #aliasFault(alias: Alias): Fault | null {
    const meant = alias.resolve(this.#parsed);
    if (meant === undefined) return this.#faultAt(alias, 'an alias with no anchor before it');
    const [start = 0] = alias.range ?? [];
    const [from = 0, , to = 0] = meant.range ?? [];
    const isInside = from <= start && start < to;
    return isInside ? this.#faultAt(alias, 'an alias to what it stands in') : null;
  }

  #faultAt(node: unknown, message: string): Fault {
    return faultAt(this.#placeOfNode(node) ?? START, message);
  }

  #resolve(node: unknown): unknown {
    return isAlias(node) ? node.resolve(this.#parsed) : node;
  }

  #placeOfNode(node: unknown): Place | null {
    return isNode(node) && node.range ? placeOf(this.#lines, node.range[0]) : null;
  }
}

function walk(node: unknown, path: Path, visit: (path: Path, node: unknown) => void): void {
  visit(path, node);
  if (path.length > LEVELS_MAX) return;
  if (isMap(node)) {
    for (const { key, value } of node.items) walk(value, [...path, keyText(key)], visit);
  } else if (isSeq(node)) {
    for (const [index, item] of node.items.entries()) walk(item, [...path, index], visit);
  }
}

function pairOf(
  node: unknown,
  step: string | number,
): { key: unknown; value: unknown } | undefined {
  if (isMap(node)) return node.items.find(({ key }) => keyText(key) === String(step));
  if (!isSeq(node)) return undefined;
  const item = node.items[Number(step)];
  if (item === undefined) return undefined;
  return isPair(item) ? item : { key: item, value: item };
}

function keyText(key: unknown): string {
  return isScalar(key) ? String(key.value) : String(key);
}

function faultAt({ line, column }: Place, message: string): Fault {
  return { line, column, message };
}

function fail(place: Place, message: string): Read {
  return { ok: false, faults: [faultAt(place, message)] };
}
