/**
 * What a policy that OPA compiled exports. Source: openpolicyagent.org/docs/wasm, ABI 1.2.
 *
 * @module
 */

export interface Exports {
  readonly opa_wasm_abi_version: { readonly value: number };
  readonly opa_wasm_abi_minor_version: { readonly value: number };
  readonly builtins: () => number;
  readonly entrypoints: () => number;
  readonly opa_malloc: (size: number) => number;
  readonly opa_json_parse: (address: number, size: number) => number;
  readonly opa_json_dump: (address: number) => number;
  readonly opa_heap_ptr_get: () => number;
  readonly opa_eval: (
    reserved: 0,
    entrypoint: number,
    data: number,
    input: number,
    inputSize: number,
    heap: number,
    format: 0,
  ) => number;
}
