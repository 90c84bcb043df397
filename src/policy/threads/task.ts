/**
 * What the pool and its threads say to each other.
 *
 * @module
 */

import type { RegoPolicy } from '../rego.ts';
import type { WasmPolicy } from '../wasm/host.ts';

/** What a thread is made with. */
export interface ThreadPolicy {
  readonly rules:
    | ({ readonly kind: 'wasm' } & WasmPolicy)
    | ({ readonly kind: 'rego' } & RegoPolicy);
  /** One word for each task under way: when it started, as `startedNow` has it; 0 is not yet. */
  readonly started: SharedArrayBuffer;
}

export interface Task {
  /** Its word in `started`. */
  readonly slot: number;
  /** JSON of the input document; null asks whether the policy could be loaded. */
  readonly input: string | null;
}

export type Outcome =
  /** `json` is the result set: `[]` or `[{"result": …}]`; `costUs` what the evaluation took. */
  | { readonly ok: true; readonly json: string; readonly costUs: number }
  | { readonly ok: false; readonly why: 'error' | 'timeout'; readonly problem: string };

const CLOCK_MASK = 0x3f_ff_ff_ff;

/** Milliseconds of a clock that both sides share, in 30 bits and never 0; it wraps after 12 days. */
export function startedNow(): number {
  return Date.now() & CLOCK_MASK || 1;
}

/** Milliseconds since `started`, over the wrap. */
export function msSince(started: number): number {
  return (startedNow() - started) & CLOCK_MASK;
}
