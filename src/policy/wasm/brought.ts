/**
 * Refuses modules that bring memory which their host does not bound: one of their own beside the host's,
 * or tables that are large before anything runs.
 *
 * What OPA compiles imports its memory, and has a table with a place for each function.
 * Bounds: `TABLE_MAX` places in all tables together, about 1 MiB.
 * Source: W3C WebAssembly Core 2.0, §5.5.
 *
 * @module
 */

import { Reader, UnreadableModule } from './binary.ts';
import { skipValueType } from './instructions.ts';

const TABLE_MAX = 65_536;
const HEADER_BYTES = 8;
const SECTION = { table: 4, memory: 5 } as const;

/** Throws `UnreadableModule`; a module that passes need not be valid. */
export function refuseBroughtMemory(bytes: Uint8Array): void {
  const reader = new Reader(bytes);
  reader.skip(HEADER_BYTES);
  while (!reader.isDone) {
    const id = reader.byte();
    const section = reader.block();
    if (id === SECTION.table && placesIn(section) > TABLE_MAX) {
      throw new UnreadableModule(`tables of more than ${TABLE_MAX} places`);
    }
    if (id === SECTION.memory && section.u32() > 0) {
      throw new UnreadableModule('a memory of its own, where one is to be imported');
    }
  }
}

/** As many as there are at the start. */
function placesIn(section: Reader): number {
  let places = 0;
  for (let left = section.u32(); left > 0; left -= 1) {
    skipValueType(section);
    const hasMaximum = (section.byte() & 1) === 1;
    places += section.u32();
    if (hasMaximum) section.skipNumber();
  }
  return places;
}
