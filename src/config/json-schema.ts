/**
 * The configuration as JSON Schema: for editors, for the reference page and for suggestions.
 *
 * It describes what a person writes, so defaults are optional and short forms are allowed.
 *
 * @module
 */

import * as z from 'zod';

import type { Path } from './problem.ts';
import { Config } from './schema.ts';

/** The part of JSON Schema that the configuration uses. */
export interface JsonSchema {
  readonly $schema?: string;
  readonly title?: string;
  readonly description?: string;
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly propertyNames?: { readonly enum?: readonly string[] };
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
}

let cached: JsonSchema | undefined;

/** Made once a process: it costs some milliseconds. */
export function configJsonSchema(): JsonSchema {
  cached ??= inputSchemaOf(Config);
  return cached;
}

/** What a person writes, by any schema. */
export function inputSchemaOf(schema: z.ZodType): JsonSchema {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- zod's type allows keywords that are not in use here
  return z.toJSONSchema(schema, { io: 'input' }) as JsonSchema;
}

/** The keys that may stand in the mapping at `path`, in the order of the schema. */
export function keysAt(path: Path, root: JsonSchema = configJsonSchema()): string[] {
  let schemas: readonly JsonSchema[] = [root];
  for (const step of path)
    schemas = schemas.flatMap(alternatives).flatMap((one) => below(one, step));
  const found = schemas.flatMap(alternatives);
  const written = found.flatMap((one) => Object.keys(one.properties ?? {}));
  const listed = found.flatMap((one) => one.propertyNames?.enum ?? []);
  return [...new Set([...written, ...listed])];
}

/** A schema, or the ones it is a choice of. */
export function alternatives(schema: JsonSchema): readonly JsonSchema[] {
  const { anyOf, type } = schema;
  if (anyOf !== undefined) return anyOf.flatMap(alternatives);
  return Array.isArray(type)
    ? type.map((one: string) => Object.assign({}, schema, { type: one }))
    : [schema];
}

function below(schema: JsonSchema, step: string | number): JsonSchema[] {
  if (typeof step === 'number') return schema.items === undefined ? [] : [schema.items];
  const named = Object.hasOwn(schema.properties ?? {}, step)
    ? schema.properties?.[step]
    : undefined;
  if (named !== undefined) return [named];
  return typeof schema.additionalProperties === 'object' ? [schema.additionalProperties] : [];
}
