/**
 * Which instruction stands where in a function of WebAssembly: its code, and how far it reaches.
 *
 * Known are the instructions of version 1 with sign extension, saturating conversion and references, and
 * types of one byte: a longer one would be read as a type and an instruction.
 * Anything else is an error, and on purpose: bulk memory and tables move as much as they are told to in
 * one instruction, and tail calls, exceptions, threads, vectors and collected memory have ways of their own.
 * Source: W3C WebAssembly Core 2.0, §5.4.
 *
 * @module
 */

import { type Reader, UnreadableModule } from './binary.ts';

export const OPCODE = {
  unreachable: 0x00,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  end: 0x0b,
  globalGet: 0x23,
  globalSet: 0x24,
  memoryGrow: 0x40,
  i64Const: 0x42,
  i64LtS: 0x53,
  i64Sub: 0x7d,
} as const;

const SATURATING_MAX = 7;
/** Numbers, `funcref` and `externref`. */
const VALUE_TYPES: ReadonlySet<number> = new Set([0x7f, 0x7e, 0x7d, 0x7c, 0x70, 0x6f]);
const NO_VALUE = 0x40;
/** First bytes from here to 0x7f are types; others are numbers of types, and those in several bytes. */
const TYPES_FROM = 0x40;
/** Of a memory's index in what a load or store names. */
const MULTI_MEMORY = 0x40;

type Skip = (reader: Reader) => void;

const nothing: Skip = () => {};
const number: Skip = (reader) => reader.skipNumber();
const two: Skip = (reader) => {
  reader.skipNumber();
  reader.skipNumber();
};
const list: Skip = (reader) => {
  for (let left = reader.u32(); left > 0; left -= 1) reader.skipNumber();
};
const blockType: Skip = (reader) => {
  const first = reader.copy().byte();
  if (first < TYPES_FROM || first > 0x7f) reader.skipNumber();
  else if (first === NO_VALUE) reader.skip(1);
  else skipValueType(reader);
};
const types: Skip = (reader) => {
  for (let left = reader.u32(); left > 0; left -= 1) skipValueType(reader);
};
const memory: Skip = (reader) => {
  if (reader.u32() >= MULTI_MEMORY) throw new UnreadableModule('more than one memory');
  reader.skipNumber();
};

/** By code: passes what belongs to an instruction behind its code. */
const OPERANDS: readonly (Skip | undefined)[] = operands();

function operands(): (Skip | undefined)[] {
  const known: (Skip | undefined)[] = Array.from({ length: 0x100 }, () => undefined);
  const set = (first: number, last: number, skip: Skip): void => {
    known.fill(skip, first, last + 1);
  };
  // unreachable, nop; block, loop, if with a type; else; end; br, br_if, br_table; return; calls.
  set(0x00, 0x01, nothing);
  set(0x02, 0x04, blockType);
  set(0x05, 0x05, nothing);
  set(0x0b, 0x0b, nothing);
  set(0x0c, 0x0d, number);
  set(0x0e, 0x0e, (reader) => {
    list(reader);
    number(reader);
  });
  set(0x0f, 0x0f, nothing);
  set(0x10, 0x10, number);
  set(0x11, 0x11, two);
  // drop, select, select with types; variables; table.get, table.set.
  set(0x1a, 0x1b, nothing);
  set(0x1c, 0x1c, types);
  set(0x20, 0x26, number);
  // Loads and stores; memory.size, memory.grow; constants; everything on numbers.
  set(0x28, 0x3e, memory);
  set(0x3f, 0x42, number);
  set(0x43, 0x43, (reader) => reader.skip(4));
  set(0x44, 0x44, (reader) => reader.skip(8));
  set(0x45, 0xc4, nothing);
  // ref.null, ref.is_null, ref.func; saturating conversions.
  set(0xd0, 0xd0, skipValueType);
  set(0xd1, 0xd1, nothing);
  set(0xd2, 0xd2, number);
  set(0xfc, 0xfc, (reader) => {
    if (reader.u32() > SATURATING_MAX) throw new UnreadableModule('bulk instructions');
  });
  return known;
}

/** Passes the type of a local, or of what is selected. Throws `UnreadableModule` at one that is not known. */
export function skipValueType(reader: Reader): void {
  const type = reader.byte();
  if (!VALUE_TYPES.has(type)) throw new UnreadableModule(`type 0x${type.toString(16)}`);
}

/** Passes one instruction and returns its code. Throws `UnreadableModule` at one that is not known. */
export function skipInstruction(reader: Reader): number {
  const code = reader.byte();
  const skip = OPERANDS[code];
  if (skip === undefined) throw new UnreadableModule(`instruction 0x${code.toString(16)}`);
  skip(reader);
  return code;
}
