/**
 * Rewrites a module so that it runs no more instructions than its host allows.
 *
 * At the start of every function and of every round of a loop, the instructions from there to the next
 * such place are taken off a counter, which the host sets (export `FUEL`); below zero it traps. Nothing
 * else changes and no index moves, and a module that names the counter, which it can't know of, is refused. A module with instructions that do any amount of work at once, like those
 * that move memory, is not rewritten; a memory that grows costs `GROWTH_FUEL`. Bounds: modules of 4 MiB,
 * functions of 64 KiB, because V8 compiles one when it is called first. Rewriting yields to the loop of
 * this thread every `YIELD_BYTES` of code.
 *
 * @module
 */

import { setImmediate as turn } from 'node:timers/promises';

import { Reader, signed, unsigned, UnreadableModule } from './binary.ts';
import { OPCODE, skipInstruction, skipValueType } from './instructions.ts';

/** Name of the global with the instructions that are left, an `i64`. */
export const FUEL = 'stoa_fuel';

/** What may be used until the host has set it for the first time: some 10 ms. */
const START_FUEL = 100_000_000;

const GROWTH_FUEL = 50_000;
const MODULE_MAX_BYTES = 4_194_304;
const FUNCTION_MAX_BYTES = 65_536;
const HEADER_BYTES = 8;
const YIELD_BYTES = 8192;
const SECTION = { custom: 0, import: 2, global: 6, export: 7, code: 10 } as const;
const KIND = { function: 0, table: 1, memory: 2, global: 3 } as const;
const I64 = 0x7e;
const EMPTY_BLOCK = 0x40;
const MUTABLE = 1;

/** Rejects with `UnreadableModule`, and what it met, when the module can't be rewritten. */
export async function meterModule(bytes: Uint8Array): Promise<Uint8Array> {
  if (bytes.length > MODULE_MAX_BYTES) throw new UnreadableModule('the module is too large');
  const reader = new Reader(bytes);
  reader.skip(HEADER_BYTES);
  const parts: Uint8Array[] = [bytes.subarray(0, HEADER_BYTES)];
  let globals = 0;
  let fuel: number | null = null;
  while (!reader.isDone) {
    const id = reader.byte();
    const section = reader.block();
    // Those of names and tools are told nothing that is still true.
    if (id === SECTION.custom) continue;
    if (id === SECTION.import) globals = countImportedGlobals(section.copy());
    if (id === SECTION.global) {
      fuel = globals + section.copy().u32();
      parts.push(...sectionOf(id, withOneMore(section, FUEL_GLOBAL)));
    } else if (fuel === null && id >= SECTION.export) {
      throw new UnreadableModule('no globals');
    } else if (fuel !== null && id === SECTION.export) {
      parts.push(...sectionOf(id, withOneMore(section, fuelExport(fuel))));
    } else if (fuel !== null && id === SECTION.code) {
      // oxlint-disable-next-line no-await-in-loop -- there is one such section
      parts.push(...sectionOf(id, await meterCode(section, fuel)));
    } else parts.push(...sectionOf(id, [section.rest()]));
  }
  return Buffer.concat(parts);
}

const FUEL_GLOBAL = [I64, MUTABLE, OPCODE.i64Const, ...signed(START_FUEL), OPCODE.end];

function fuelExport(fuel: number): number[] {
  return [...unsigned(FUEL.length), ...Buffer.from(FUEL), KIND.global, ...unsigned(fuel)];
}

/** A section's vector with `item` behind its items. */
function withOneMore(section: Reader, item: readonly number[]): Uint8Array[] {
  const count = section.u32();
  return [toBytes(unsigned(count + 1)), section.rest(), toBytes(item)];
}

function countImportedGlobals(section: Reader): number {
  let globals = 0;
  for (let left = section.u32(); left > 0; left -= 1) {
    section.block();
    section.block();
    const kind = section.byte();
    if (kind === KIND.function) section.skipNumber();
    else if (kind === KIND.memory) skipLimits(section);
    else if (kind === KIND.table) {
      skipValueType(section);
      skipLimits(section);
    } else if (kind === KIND.global) {
      globals += 1;
      skipValueType(section);
      section.skip(1);
    } else throw new UnreadableModule(`import of kind ${kind}`);
  }
  return globals;
}

function skipLimits(section: Reader): void {
  const hasMaximum = (section.byte() & 1) === 1;
  section.skipNumber();
  if (hasMaximum) section.skipNumber();
}

async function meterCode(section: Reader, fuel: number): Promise<Uint8Array[]> {
  const count = section.u32();
  const parts = [toBytes(unsigned(count))];
  let yieldAt = section.at + YIELD_BYTES;
  for (let left = count; left > 0; left -= 1) {
    const body = meterFunction(section.block(), fuel);
    parts.push(toBytes(unsigned(lengthOf(body))), ...body);
    if (section.at >= yieldAt) {
      // oxlint-disable-next-line no-await-in-loop -- that is how others get their turn
      await turn();
      yieldAt = section.at + YIELD_BYTES;
    }
  }
  return parts;
}

/** A piece of a function that is run through at most once before the next is charged. */
interface Charge {
  /** Where it starts. */
  readonly at: number;
  instructions: number;
}

function meterFunction(body: Reader, fuel: number): Uint8Array[] {
  const { bytes, at: start } = body;
  if (body.end - start > FUNCTION_MAX_BYTES) throw new UnreadableModule('a function is too large');
  // Each is cleared when the function is called.
  const locals = skipLocals(body);
  const whole: Charge = { at: body.at, instructions: 1 + locals };
  const charges = [whole];
  const open = [whole];
  while (!body.isDone) {
    const inside = open.at(-1) ?? whole;
    const before = body.at;
    const code = skipInstruction(body);
    inside.instructions += 1;
    if (code === OPCODE.globalGet || code === OPCODE.globalSet) refuseCounter(body, before, fuel);
    if (code === OPCODE.memoryGrow) charges.push({ at: before, instructions: GROWTH_FUEL });
    if (code === OPCODE.loop) {
      const round: Charge = { at: body.at, instructions: 1 };
      charges.push(round);
      open.push(round);
    } else if (code === OPCODE.block || code === OPCODE.if) {
      open.push(inside);
    } else if (code === OPCODE.end) open.pop();
  }
  const parts: Uint8Array[] = [];
  let copied = start;
  for (const { at, instructions } of charges) {
    parts.push(bytes.subarray(copied, at), toBytes(charge(instructions, fuel)));
    copied = at;
  }
  return [...parts, bytes.subarray(copied, body.end)];
}

/** A module that was not valid, for want of such a global, must not become so by ours. */
function refuseCounter({ bytes, end }: Reader, at: number, fuel: number): void {
  if (new Reader(bytes, at + 1, end).u32() >= fuel) throw new UnreadableModule('an unknown global');
}

/** Returns how many there are. */
function skipLocals(body: Reader): number {
  let locals = 0;
  for (let left = body.u32(); left > 0; left -= 1) {
    locals += body.u32();
    skipValueType(body);
  }
  return locals;
}

/** `fuel -= instructions; if (fuel < 0) trap`. */
function charge(instructions: number, fuel: number): number[] {
  const global = unsigned(fuel);
  // biome-ignore format: one instruction a line.
  return [
    OPCODE.globalGet, ...global,
    OPCODE.i64Const, ...signed(instructions),
    OPCODE.i64Sub,
    OPCODE.globalSet, ...global,
    OPCODE.globalGet, ...global,
    OPCODE.i64Const, 0,
    OPCODE.i64LtS,
    OPCODE.if, EMPTY_BLOCK,
    OPCODE.unreachable,
    OPCODE.end,
  ];
}

function sectionOf(id: number, content: readonly Uint8Array[]): Uint8Array[] {
  return [toBytes([id, ...unsigned(lengthOf(content))]), ...content];
}

function lengthOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0);
}

function toBytes(values: readonly number[]): Uint8Array {
  return Uint8Array.from(values);
}
