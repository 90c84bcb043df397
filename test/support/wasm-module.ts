/**
 * Modules of WebAssembly, byte by byte: those that no compiler would make.
 *
 * Source: W3C WebAssembly Core 2.0, §5.
 *
 * @module
 */

import { unsigned } from '../../src/policy/wasm/binary.ts';

const HEADER = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

/** `sections` in the order of their numbers. */
export function wasmModule(...sections: readonly (readonly number[])[]): Uint8Array {
  return Uint8Array.from([...HEADER, ...sections.flat()]);
}

export function section(id: number, ...content: readonly number[]): number[] {
  return [id, ...unsigned(content.length), ...content];
}

export function vector(...items: readonly (readonly number[])[]): number[] {
  return [...unsigned(items.length), ...items.flat()];
}

export function text(value: string): number[] {
  const bytes = [...Buffer.from(value)];
  return [...unsigned(bytes.length), ...bytes];
}

/** A function's body: `locals` as they stand there, and instructions without the last `end`. */
export function body(
  instructions: readonly number[],
  locals: readonly number[] = [0],
): readonly number[] {
  const content = [...locals, ...instructions, 0x0b];
  return [...unsigned(content.length), ...content];
}
