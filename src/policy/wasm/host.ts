/**
 * Hosts one policy that OPA compiled to WebAssembly.
 *
 * Bounds: the memory's maximum, in bytes, is the caller's; a policy that wants more ends with an
 * error. So are the instructions of a metered module (`metered.ts`), with what built-in functions of
 * the host take; the time of another one is bounded by its thread alone. An instance in which an evaluation failed may hold anything, so it is made anew for the next one. Not
 * `@open-policy-agent/opa-wasm`: that one meets a missing built-in function only when a request needs it, and grows without a maximum.
 * Source: openpolicyagent.org/docs/wasm, ABI 1.2 and later 1.x.
 *
 * @module
 */

import type { Exports } from './abi.ts';
import { BUILTINS } from './builtins.ts';
import { FUEL } from './metered.ts';

const PAGE_BYTES = 65_536;
/** What a module needs for its own tables at least. */
const PAGES_INITIAL = 5;
const ABI_MAJOR = 1;
const ABI_MINOR_MIN = 2;
/** What a call of a built-in function of the host stands for, and each character of what it is given. */
const CALL_FUEL = 3000n;
const CHARACTER_FUEL = 20n;
/** A text of a metered module has so many at least, also when it is out of instructions. */
const TEXT_BYTES = 262_144;
/** Most bytes of UTF-8 that a character of a text in JavaScript becomes. */
const UTF8_MAX_BYTES = 3;

type Memory = WebAssembly.Memory;
type Global = WebAssembly.Global;

export interface WasmPolicy {
  readonly module: WebAssembly.Module;
  /** JSON text of the data document. */
  readonly data: string;
  /** With slashes, as `opa build -e` has it. */
  readonly entrypoint: string;
  readonly memoryMaxBytes: number;
}

/** Instructions of a metered module. */
export interface Fuel {
  /** To read its data. */
  readonly load: bigint;
  readonly evaluation: bigint;
}

const UNBOUNDED: Fuel = { load: 2n ** 62n, evaluation: 2n ** 62n };

export interface HostedPolicy {
  /** The JSON of what the entrypoint gave: `[]`, or `[{"result": …}]`. Throws. */
  evaluate(input: string): string;
}

/**
 * Evaluates `policy`; with no more than `fuel` for each where it is metered. Throws, and says what to do, when it can't be loaded: another ABI, an
 * entrypoint that was not compiled in, a built-in function that this host does not have.
 */
export function hostPolicy(policy: WasmPolicy, fuel: Fuel = UNBOUNDED): HostedPolicy {
  let instance: Instance | null = new Instance(policy, fuel);
  return {
    evaluate(input) {
      const used = instance ?? new Instance(policy, fuel);
      instance = null;
      const result = used.evaluate(input);
      instance = used;
      return result;
    },
  };
}

class Instance {
  readonly #memory: Memory;
  readonly #exports: Exports;
  readonly #entrypoint: number;
  readonly #data: number;
  /** Where an evaluation may start to write. */
  readonly #heap: number;
  #builtins: readonly ((...values: never[]) => unknown)[] = [];
  /** The whole memory; another one once it has grown. */
  #bytes: Buffer;
  /** Instructions that are left; null where they are not counted. */
  readonly #fuel: Global | null;
  readonly #fuelMax: bigint;

  constructor({ module, data, entrypoint, memoryMaxBytes }: WasmPolicy, fuel: Fuel) {
    this.#fuelMax = fuel.evaluation;
    const maximum = Math.floor(memoryMaxBytes / PAGE_BYTES);
    this.#memory = new WebAssembly.Memory({ initial: PAGES_INITIAL, maximum });
    this.#bytes = Buffer.from(this.#memory.buffer);
    const { exports } = new WebAssembly.Instance(
      module,
      onlyOwn({ env: onlyOwn(this.#imports()) }),
    );
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the ABI promises; checked below
    this.#exports = exports as unknown as Exports;
    const counter = exports[FUEL];
    this.#fuel = counter instanceof WebAssembly.Global ? counter : null;
    if (this.#fuel !== null) this.#fuel.value = fuel.load;
    this.#checkVersion();
    this.#builtins = this.#linkBuiltins();
    this.#entrypoint = this.#findEntrypoint(entrypoint);
    this.#data = this.#load(data);
    this.#heap = this.#exports.opa_heap_ptr_get();
  }

  evaluate(input: string): string {
    if (this.#fuel !== null) this.#fuel.value = this.#fuelMax;
    const missing = this.#heap + input.length * UTF8_MAX_BYTES - this.#memory.buffer.byteLength;
    if (missing > 0) this.#memory.grow(Math.ceil(missing / PAGE_BYTES));
    const size = this.#view().write(input, this.#heap);
    const free = this.#heap + size;
    return this.#text(
      this.#exports.opa_eval(0, this.#entrypoint, this.#data, this.#heap, size, free, 0),
    );
  }

  #view(): Buffer {
    const { buffer } = this.#memory;
    if (this.#bytes.buffer !== buffer) this.#bytes = Buffer.from(buffer);
    return this.#bytes;
  }

  #imports(): WebAssembly.ModuleImports {
    const call = (id: number, _context: number, ...addresses: number[]): number =>
      this.#callBuiltin(id, addresses);
    return {
      memory: this.#memory,
      opa_abort: (address: number): never => {
        throw new Error(this.#text(address));
      },
      // A policy's print() has no reader here.
      opa_println: (): void => {},
      opa_builtin0: call,
      opa_builtin1: call,
      opa_builtin2: call,
      opa_builtin3: call,
      opa_builtin4: call,
    };
  }

  #checkVersion(): void {
    const major = this.#exports.opa_wasm_abi_version?.value;
    const minor = this.#exports.opa_wasm_abi_minor_version?.value;
    if (major === ABI_MAJOR && minor !== undefined && minor >= ABI_MINOR_MIN) return;
    const found = major === undefined ? 'none' : `${major}.${minor ?? 0}`;
    throw new Error(
      `the module has OPA's ABI ${found}; needed is ${ABI_MAJOR}.${ABI_MINOR_MIN} or later: build it with a newer opa`,
    );
  }

  #linkBuiltins(): readonly ((...values: never[]) => unknown)[] {
    const wanted = this.#numbered(this.#exports.builtins());
    const missing = Object.keys(wanted).filter((name) => !Object.hasOwn(BUILTINS, name));
    if (missing.length > 0) {
      throw new Error(
        `the policy calls ${missing.join(', ')}, which is not to be had in WebAssembly: ask a running OPA instead (source.opa)`,
      );
    }
    const linked: ((...values: never[]) => unknown)[] = [];
    for (const [name, id] of Object.entries(wanted)) {
      const builtin = BUILTINS[name];
      if (builtin !== undefined) linked[id] = builtin;
    }
    return linked;
  }

  #findEntrypoint(name: string): number {
    const known = this.#numbered(this.#exports.entrypoints());
    const found = Object.hasOwn(known, name) ? known[name] : undefined;
    if (found !== undefined) return found;
    const have = Object.keys(known).join(', ');
    throw new Error(`no entrypoint ${name}: the bundle has ${have}; build it with "-e ${name}"`);
  }

  /** A built-in function that fails is undefined, as it is in OPA. */
  #callBuiltin(id: number, addresses: readonly number[]): number {
    this.#charge(CALL_FUEL);
    const builtin = this.#builtins[id];
    if (builtin === undefined) return 0;
    // Outside of what is caught: a module that is out of memory here has failed, and goes on with nothing.
    const values = addresses.map((address) => this.#argument(address));
    let result: unknown;
    try {
      result = Reflect.apply(builtin, undefined, values);
    } catch {
      return 0;
    }
    if (result === undefined) return 0;
    // JSON has no integers beyond 2^53, and nanoseconds since 1970 are.
    return this.#load(typeof result === 'bigint' ? String(result) : JSON.stringify(result));
  }

  #argument(address: number): unknown {
    const text = this.#dump(address);
    this.#charge(BigInt(text.length) * CHARACTER_FUEL);
    return JSON.parse(text);
  }

  #charge(fuel: bigint): void {
    if (this.#fuel === null) return;
    this.#fuel.value -= fuel;
    if (this.#fuel.value < 0n) throw new Error('more work than an evaluation may be');
  }

  #load(json: string): number {
    const size = Buffer.byteLength(json);
    const address = this.#exports.opa_malloc(size);
    this.#view().write(json, address);
    const value = this.#exports.opa_json_parse(address, size);
    if (value === 0) throw new Error('data that is not JSON');
    return value;
  }

  #numbered(address: number): Readonly<Record<string, number>> {
    const numbered: Record<string, number> = JSON.parse(this.#dump(address));
    return numbered;
  }

  #dump(address: number): string {
    return this.#text(this.#exports.opa_json_dump(address));
  }

  /** The text at `address`, which ends with a zero byte; no longer than what is left of the instructions. */
  #text(address: number): string {
    const bytes = this.#view().subarray(address >>> 0);
    const most = this.#fuel === null ? bytes.length : Number(this.#fuel.value / CHARACTER_FUEL);
    const text = bytes.subarray(0, Math.max(most, TEXT_BYTES));
    const end = text.indexOf(0);
    if (end < 0 && text.length < bytes.length) {
      throw new Error('a longer text than an evaluation may have');
    }
    return text.toString('utf8', 0, end < 0 ? text.length : end);
  }
}

/** Without what every object has: a module could import that, and change it for everybody. */
function onlyOwn<T extends object>(members: T): T {
  Object.setPrototypeOf(members, null);
  return members;
}
