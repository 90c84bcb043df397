/**
 * An OPA bundle with WebAssembly in it, from an archive or an unpacked folder.
 *
 * Bounds: 128 MiB unpacked. Rules in Rego that lie beside the module are not looked at: the module
 * was compiled from them. Source: openpolicyagent.org/docs/management-bundles.
 *
 * @module
 */

import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { messageOf } from '../engine.ts';
import { refuseBroughtMemory } from '../wasm/brought.ts';
import { meterModule } from '../wasm/metered.ts';
import { readArchive } from './archive.ts';

export interface Bundle {
  readonly module: WebAssembly.Module;
  /** Whether it is bounded in the instructions it runs; it never is unless that was asked for. */
  readonly isMetered: boolean;
  /** JSON text of the data document. */
  readonly data: string;
  /** What the bundle calls its version; empty when it says nothing. */
  readonly revision: string;
}

const UNPACKED_MAX_BYTES = 134_217_728;

/** What a folder is read for; data in deeper folders belongs to an archive. */
const FOLDER_FILES = ['policy.wasm', 'data.json', '.manifest'];

/** A bundle, or the bare module that OPA compiled. Rejects with a sentence that names `file`. */
export async function readBundleFile(file: string, toMeter = false): Promise<Bundle> {
  try {
    const bytes = await readBounded(file);
    const files = file.endsWith('.wasm')
      ? new Map([['policy.wasm', bytes]])
      : await readArchive(bytes, UNPACKED_MAX_BYTES);
    return await compileBundle(files, toMeter);
  } catch (cause) {
    throw new Error(`${file}: ${messageOf(cause)}`, { cause });
  }
}

export async function readBundleFolder(folder: string, toMeter = false): Promise<Bundle> {
  try {
    const read = FOLDER_FILES.map(async (name) => {
      const bytes = await readBounded(join(folder, name)).catch(ifMissing);
      return bytes === null ? [] : [[name, bytes] as const];
    });
    return await compileBundle(new Map((await Promise.all(read)).flat()), toMeter);
  } catch (cause) {
    throw new Error(`${folder}: ${messageOf(cause)}`, { cause });
  }
}

/**
 * Compiles off this thread; metered if `toMeter` and the module is one that can be. Rejects with a
 * sentence when something is missing or not what it should be.
 */
export async function compileBundle(
  files: ReadonlyMap<string, Buffer>,
  toMeter = false,
): Promise<Bundle> {
  const wasm = files.get('policy.wasm');
  if (wasm === undefined) {
    throw new Error(
      'there is no policy.wasm in it: build it with "opa build -t wasm -e ENTRYPOINT"',
    );
  }
  refuseUnbounded(wasm);
  const manifest = parseObject('.manifest', files.get('.manifest'));
  const { revision } = manifest;
  const metered = toMeter ? await compileMetered(wasm) : null;
  return {
    module: metered ?? (await compile(wasm)),
    isMetered: metered !== null,
    data: JSON.stringify(mergedData(files)),
    revision: typeof revision === 'string' ? revision.slice(0, 256) : '',
  };
}

function refuseUnbounded(wasm: Buffer): void {
  try {
    refuseBroughtMemory(wasm);
  } catch (cause) {
    throw new Error(`policy.wasm is not WebAssembly of OPA: ${messageOf(cause)}`, { cause });
  }
}

async function compile(wasm: Buffer): Promise<WebAssembly.Module> {
  try {
    return await WebAssembly.compile(new Uint8Array(wasm));
  } catch (cause) {
    throw new Error(`policy.wasm is not WebAssembly: ${messageOf(cause)}`, { cause });
  }
}

/** Null where it can't be metered, or is no module: that is said by compiling it as it is. */
async function compileMetered(wasm: Buffer): Promise<WebAssembly.Module | null> {
  try {
    return await WebAssembly.compile(await meterModule(wasm));
  } catch {
    return null;
  }
}

type JsonObject = Record<string, unknown>;

/** `data.json` at the root is the document; one in a folder is what stands under that folder's name. */
function mergedData(files: ReadonlyMap<string, Buffer>): JsonObject {
  let data: JsonObject = {};
  for (const [name, content] of files) {
    const path = name.split('/');
    if (path.pop() !== 'data.json') continue;
    const wrapped = path.reduceRight<JsonObject>(
      (inner, folder) => ({ [folder]: inner }),
      parseObject(name, content),
    );
    data = mergeObjects(data, wrapped, name);
  }
  return data;
}

/** Both, member by member. Throws where both have a value and one is not an object. */
export function mergeObjects(left: JsonObject, right: JsonObject, name: string): JsonObject {
  const merged = new Map(Object.entries(left));
  for (const [key, value] of Object.entries(right)) {
    const earlier = merged.get(key);
    if (earlier === undefined) merged.set(key, value);
    else if (isObject(earlier) && isObject(value)) {
      merged.set(key, mergeObjects(earlier, value, name));
    } else throw new Error(`${name}: "${key}" is given twice`);
  }
  return Object.fromEntries(merged);
}

/** Throws with the file's name; nothing is an empty object. */
export function parseObject(name: string, content: Buffer | undefined): JsonObject {
  if (content === undefined) return {};
  let value: unknown;
  try {
    value = JSON.parse(content.toString('utf8'));
  } catch (cause) {
    throw new Error(`${name} is not JSON`, { cause });
  }
  if (!isObject(value)) throw new Error(`${name} is not a JSON object`);
  return value;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

async function readBounded(file: string): Promise<Buffer> {
  if ((await stat(file)).size > UNPACKED_MAX_BYTES) {
    throw new Error(`larger than ${UNPACKED_MAX_BYTES} bytes`);
  }
  return readFile(file);
}

function ifMissing(error: unknown): null {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
  throw error;
}
