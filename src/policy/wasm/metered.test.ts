/** Modules that run no more instructions than they may, and compute what they did before. @module */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';

import { body as bodyOf, section, vector, wasmModule } from '../../../test/support/wasm-module.ts';
import { UnreadableModule } from './binary.ts';
import { FUEL, meterModule } from './metered.ts';

const PLENTY = 1_000_000n;

/** A module whose `run` has `body`: an `i32` in and out, a memory of a page, global 0 is 7. */
function moduleOf(
  body: readonly number[],
  { hasGlobal = true, locals = [0] as readonly number[] } = {},
): Uint8Array {
  return wasmModule(
    section(1, ...vector([0x60, 1, 0x7f, 1, 0x7f])),
    section(3, ...vector([0])),
    section(5, ...vector([1, 1, 100])),
    hasGlobal ? section(6, ...vector([0x7f, 1, 0x41, 7, 0x0b])) : [],
    section(7, ...vector([3, 0x72, 0x75, 0x6e, 0, 0])),
    section(10, ...vector(bodyOf(body, locals))),
  );
}

// biome-ignore format: an instruction is code and operands.
const BODIES = {
  // As often as the argument says, then global 0.
  rounds: [0x03, 0x40, 0x20, 0, 0x41, 1, 0x6b, 0x22, 0, 0x0d, 0, 0x0b, 0x23, 0],
  endless: [0x03, 0x40, 0x0c, 0, 0x0b, 0x41, 0],
  endlessInside: [0x03, 0x40, 0x02, 0x40, 0x03, 0x40, 0x0c, 0, 0x0b, 0x0b, 0x0b, 0x41, 0],
  recursive: [0x20, 0, 0x10, 0],
  // 2 to the argument: twice itself with one less.
  twice: [0x20, 0, 0x45, 0x04, 0x7f, 0x41, 1, 0x05, 0x20, 0, 0x41, 1, 0x6b, 0x10, 0, 0x20, 0, 0x41, 1, 0x6b, 0x10, 0, 0x6a, 0x0b],
  // One page more, as often as the argument says.
  growing: [0x03, 0x40, 0x41, 1, 0x40, 0, 0x1a, 0x20, 0, 0x41, 1, 0x6b, 0x22, 0, 0x0d, 0, 0x0b, 0x3f, 0],
  growsNever: [0x41, 0, 0x04, 0x40, 0x41, 1, 0x40, 0, 0x1a, 0x0b, 0x3f, 0],
  filling: [0x41, 0, 0x41, 0, 0x41, 1, 0xfc, 0x0b, 0, 0x41, 0],
  // Global 1 is not there: it would be the counter.
  refuelling: [0x42, 0xff, 0x00, 0x24, 1, 0x41, 0],
  looking: [0x23, 1, 0x1a, 0x41, 0],
  // `(ref null 32)`, whose 32 would be an instruction that takes the `loop` behind it for its operand.
  longSelection: [0x1c, 1, 0x63, 0x20, 0x03, 0x40, 0x0c, 0, 0x0b, 0x41, 0],
  longBlock: [0x02, 0x63, 0x20, 0x03, 0x40, 0x0c, 0, 0x0b, 0x0b, 0x41, 0],
  vectors: [0x20, 0, 0xfd, 0x0f, 0x1a, 0x41, 0],
} as const;

/** What `run` gives, and the fuel that it used. */
async function run(
  body: readonly number[],
  argument: number,
  { fuelMax = PLENTY, locals = [0] as readonly number[] } = {},
): Promise<{ result: number; used: bigint }> {
  const module = await WebAssembly.compile(await meterModule(moduleOf(body, { locals })));
  const { exports } = new WebAssembly.Instance(module, {});
  const fuel = exports[FUEL];
  assert.ok(fuel instanceof WebAssembly.Global);
  fuel.value = fuelMax;
  const result = (exports['run'] as (argument: number) => number)(argument);
  return { result, used: fuelMax - fuel.value };
}

describe('a metered module', () => {
  it('computes what it did before', async () => {
    assert.equal((await run(BODIES.rounds, 1000)).result, 7);
    assert.equal((await run(BODIES.twice, 5)).result, 32);
    assert.equal((await run(BODIES.growing, 3)).result, 4);
  });

  for (const name of ['endless', 'endlessInside', 'recursive'] as const) {
    it(`that is ${name} ends`, async () => {
      await assert.rejects(run(BODIES[name], 0, { fuelMax: 5000n }), WebAssembly.RuntimeError);
    });
  }

  it('pays for every round and every call', async () => {
    const few = await run(BODIES.rounds, 10);
    const many = await run(BODIES.rounds, 110);
    assert.ok(many.used - few.used >= 500n, `${few.used} and ${many.used}`);
    await assert.rejects(run(BODIES.rounds, 1000, { fuelMax: few.used }), WebAssembly.RuntimeError);
    await assert.rejects(run(BODIES.twice, 20), WebAssembly.RuntimeError);
  });

  it('pays for the memory that it wants, and for none that it does not want', async () => {
    await assert.rejects(run(BODIES.growing, 30), WebAssembly.RuntimeError);
    assert.ok((await run(BODIES.growsNever, 0)).used < 100n);
  });
});

describe('a call of a metered function', () => {
  it('pays for its locals, which are cleared each time', async () => {
    // 40 000 of i64.
    const locals = [1, 0xc0, 0xb8, 0x02, 0x7e];
    assert.ok((await run([0x41, 0], 0, { locals })).used >= 40_000n);
  });
});

describe('metering refuses', () => {
  for (const name of ['filling', 'vectors'] as const) {
    it(`a module with instructions for ${name}`, async () => {
      await assert.rejects(meterModule(moduleOf(BODIES[name])), UnreadableModule);
    });
  }

  for (const name of ['refuelling', 'looking'] as const) {
    it(`a module that names a global which is not there, ${name}`, async () => {
      await assert.rejects(meterModule(moduleOf(BODIES[name])), /an unknown global/);
    });
  }

  it('types of several bytes, behind which a loop could hide', async () => {
    for (const name of ['longSelection', 'longBlock'] as const) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await assert.rejects(meterModule(moduleOf(BODIES[name])), /type 0x63/);
    }
    const locals = [1, 1, 0x63, 0x20];
    await assert.rejects(meterModule(moduleOf([0x41, 0], { locals })), /type 0x63/);
  });

  it('a module without globals, and one with a function that is too large', async () => {
    await assert.rejects(meterModule(moduleOf([0x41, 0], { hasGlobal: false })), /no globals/);
    const long = Array.from({ length: 70_000 }, () => 0x01);
    await assert.rejects(meterModule(moduleOf([...long, 0x41, 0])), /a function is too large/);
  });

  it('what is cut off or damaged with a sentence, where it notices', async () => {
    const whole = moduleOf(BODIES.rounds);
    const change = fc.record({
      at: fc.nat(whole.length - 1),
      byte: fc.nat(255),
      cut: fc.nat(whole.length),
    });
    await fc.assert(
      fc.asyncProperty(change, async ({ at, byte, cut }) => {
        const damaged = Uint8Array.from(whole);
        damaged[at] = byte;
        try {
          await meterModule(damaged);
          await meterModule(whole.subarray(0, cut));
        } catch (error) {
          assert.ok(error instanceof UnreadableModule, String(error));
        }
      }),
      { numRuns: 2000 },
    );
  });
});
