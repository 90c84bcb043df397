/**
 * The part of the WebAssembly JavaScript interface that is used: Node's types leave it to the DOM's.
 * Source: W3C WebAssembly JavaScript Interface.
 *
 * @module
 */

declare namespace WebAssembly {
  const compiled: unique symbol;
  interface Module {
    readonly [compiled]: true;
  }
  class Memory {
    /** In pages of 65 536 bytes. */
    constructor(pages: { readonly initial: number; readonly maximum: number });
    readonly buffer: ArrayBuffer;
    grow(pages: number): number;
  }
  class Global {
    /** Of an `i64`. */
    value: bigint;
  }
  class Instance {
    constructor(module: Module, imports: Readonly<Record<string, ModuleImports>>);
    readonly exports: Readonly<Record<string, unknown>>;
  }
  class RuntimeError extends Error {}
  type ModuleImports = Readonly<Record<string, unknown>>;
  function compile(bytes: Uint8Array): Promise<Module>;
}
