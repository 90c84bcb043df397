/** What a module from elsewhere can't do to its host. @module */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { body, section, text, vector, wasmModule } from '../../../test/support/wasm-module.ts';
import { compileBundle } from '../bundle/bundle.ts';
import { type HostedPolicy, hostPolicy } from './host.ts';
import { meterModule } from './metered.ts';

const FUEL = { load: 100_000_000n, evaluation: 1_000_000n };
const I32 = 0x7f;
const FUNCTION = 0x00;
const MEMORY = 0x02;
const GLOBAL = 0x03;
const IMPORT_MEMORY = [...text('env'), ...text('memory'), MEMORY, 0x00, 0x05];

async function hosted(bytes: Uint8Array): Promise<HostedPolicy> {
  const module = await WebAssembly.compile(await meterModule(bytes));
  const memoryMaxBytes = 67_108_864;
  return hostPolicy({ module, data: '{}', entrypoint: 'e', memoryMaxBytes }, FUEL);
}

/** A module that imports one thing, of `type` as the format writes it, and has a global. */
function importing(module: string, name: string, type: readonly number[]): Uint8Array {
  return wasmModule(
    section(1, ...vector([0x60, 0, 0])),
    section(2, ...vector([...text(module), ...text(name), ...type])),
    section(6, ...vector([I32, 0, 0x41, 1, 0x0b])),
    section(7, 0),
  );
}

// biome-ignore format: an instruction is code and operands.
const FILL = [
  // 200 pages; then a byte that is not zero in every place from 1 MiB to 9 MiB, eight at once.
  0x41, 0xc8, 0x01, 0x40, 0, 0x1a,
  0x41, 0x80, 0x80, 0xc0, 0x00, 0x21, 1,
  0x03, 0x40,
  0x20, 1, 0x42, 0xa1, 0xc2, 0x84, 0x89, 0x92, 0xa4, 0xc8, 0x90, 0x21, 0x37, 3, 0,
  0x20, 1, 0x41, 8, 0x6a, 0x22, 1,
  0x41, 0x80, 0x80, 0xc0, 0x04, 0x49, 0x0d, 0,
  0x0b,
  0x41, 0x80, 0x20,
];

/** OPA's interface, with an answer of 8 MiB; `{}` and `{"e":0}` are at 0 and 8. */
const TALKATIVE = wasmModule(
  section(
    1,
    ...vector(
      [0x60, 0, 1, I32],
      [0x60, 1, I32, 1, I32],
      [0x60, 2, I32, I32, 1, I32],
      [0x60, 7, I32, I32, I32, I32, I32, I32, I32, 1, I32],
    ),
  ),
  section(2, ...vector(IMPORT_MEMORY)),
  section(3, ...vector([0], [0], [1], [2], [1], [0], [3])),
  section(6, ...vector([I32, 0, 0x41, 1, 0x0b], [I32, 0, 0x41, 2, 0x0b])),
  section(
    7,
    ...vector(
      [...text('opa_wasm_abi_version'), GLOBAL, 0],
      [...text('opa_wasm_abi_minor_version'), GLOBAL, 1],
      [...text('builtins'), FUNCTION, 0],
      [...text('entrypoints'), FUNCTION, 1],
      [...text('opa_malloc'), FUNCTION, 2],
      [...text('opa_json_parse'), FUNCTION, 3],
      [...text('opa_json_dump'), FUNCTION, 4],
      [...text('opa_heap_ptr_get'), FUNCTION, 5],
      [...text('opa_eval'), FUNCTION, 6],
    ),
  ),
  section(
    10,
    ...vector(
      body([0x41, 0]),
      body([0x41, 8]),
      body(FILL, [1, 1, I32]),
      body([0x41, 1]),
      body([0x20, 0]),
      body([0x41, 0x80, 0x20]),
      body([0x41, 0x80, 0x80, 0xc0, 0x00]),
    ),
  ),
  section(
    11,
    ...vector([0, 0x41, 0, 0x0b, ...text('{}\0')], [0, 0x41, 8, 0x0b, ...text('{"e":0}\0')]),
  ),
);

function files(bytes: Uint8Array): Map<string, Buffer> {
  return new Map([['policy.wasm', Buffer.from(bytes)]]);
}

describe('a host of modules', () => {
  it('gives them nothing that every object has', async () => {
    const wanted = [
      importing('constructor', 'freeze', [FUNCTION, 0]),
      importing('env', 'toString', [FUNCTION, 0]),
      importing('__proto__', 'constructor', [FUNCTION, 0]),
      importing('toString', 'name', [GLOBAL, 0x6f, 0]),
    ];
    for (const bytes of wanted) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await assert.rejects(hosted(bytes), /Import/);
    }
  });

  it('reads no more of an answer in the asking thread than is worth reading', async () => {
    const policy = await hosted(TALKATIVE);
    assert.throws(() => policy.evaluate('{}'), /a longer text/);
  });

  it('reads all of an answer where a thread bounds it', async () => {
    const module = await WebAssembly.compile(TALKATIVE);
    const rules = { module, data: '{}', entrypoint: 'e', memoryMaxBytes: 67_108_864 };
    assert.equal(hostPolicy(rules).evaluate('{}').length, 8_388_608);
  });
});

describe('a bundle', () => {
  it('is refused with a memory of its own, or a large table', async () => {
    const own = wasmModule(section(5, ...vector([0, 1])));
    const large = wasmModule(section(4, ...vector([0x70, 0, 0xc0, 0x84, 0x3d])));
    await assert.rejects(compileBundle(files(own)), /a memory of its own/);
    await assert.rejects(compileBundle(files(large), true), /more than 65536 places/);
  });
});
