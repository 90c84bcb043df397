/**
 * Decisions that are used again, by the document that they were made on.
 *
 * Bounds: `entriesMax`, and `bytesMax` of keys and decisions, estimated; the one that was not used for
 * longest goes. One that would fill more than a sixteenth is not kept, nor is a failure. The key is the
 * whole document, so two that differ never meet. Pure: the time is the caller's, in milliseconds of any
 * clock that only goes forward.
 *
 * @module
 */

import type { Evaluation } from '../decision.ts';

export interface CacheBounds {
  readonly ttlMs: number;
  readonly entriesMax: number;
  readonly bytesMax: number;
}

interface Entry {
  readonly evaluation: Evaluation;
  readonly bytes: number;
  readonly endMs: number;
}

/** What an entry takes beside its texts, about. */
const ENTRY_BYTES = 256;
const CHARACTER_BYTES = 2;
const SHARE_MAX = 1 / 16;

export class Decisions {
  readonly #bounds: CacheBounds;
  /** In the order of their last use. */
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;
  #generation = 0;

  constructor(bounds: CacheBounds) {
    this.#bounds = bounds;
  }

  /** What `keep` wants to hear again: decisions of another one came from rules that were replaced. */
  get generation(): number {
    return this.#generation;
  }

  get size(): { readonly entries: number; readonly bytes: number } {
    return { entries: this.#entries.size, bytes: this.#bytes };
  }

  find(key: string, nowMs: number): Evaluation | null {
    const entry = this.#entries.get(key);
    if (entry === undefined) return null;
    this.#entries.delete(key);
    if (nowMs >= entry.endMs) {
      this.#bytes -= entry.bytes;
      return null;
    }
    this.#entries.set(key, entry);
    return entry.evaluation;
  }

  /** `generation` is that of when it was asked for, `nowMs` as well: that is how old it is. */
  keep(key: string, evaluation: Evaluation, asked: { generation: number; nowMs: number }): void {
    if (evaluation.kind === 'failed' || asked.generation !== this.#generation) return;
    const decision = JSON.stringify(evaluation.decision);
    const bytes = ENTRY_BYTES + (key.length + decision.length) * CHARACTER_BYTES;
    const { ttlMs, entriesMax, bytesMax } = this.#bounds;
    if (bytes > bytesMax * SHARE_MAX) return;
    this.#drop(key);
    this.#entries.set(key, { evaluation, bytes, endMs: asked.nowMs + ttlMs });
    this.#bytes += bytes;
    while (this.#entries.size > entriesMax || this.#bytes > bytesMax) {
      const [oldest] = this.#entries.keys();
      if (oldest === undefined) return;
      this.#drop(oldest);
    }
  }

  /** Forgets all, also what is still being decided. */
  clear(): void {
    this.#entries.clear();
    this.#bytes = 0;
    this.#generation += 1;
  }

  #drop(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#bytes -= entry.bytes;
  }
}
