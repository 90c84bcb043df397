/**
 * Reads the files of a policy that is given as Rego.
 *
 * Bounds: 4 MiB of rules, 64 MiB of data.
 *
 * @module
 */

import { readFile, stat } from 'node:fs/promises';

import type { Model } from '../config/schema.ts';
import { mergeObjects, parseObject } from './bundle/bundle.ts';
import type { RegoPolicy } from './rego.ts';

type RegoSource = NonNullable<Model['policies'][string]['source']['rego']>;

const RULES_MAX_BYTES = 4_194_304;
const DATA_MAX_BYTES = 67_108_864;

/** Rejects with a sentence that names the file. */
export async function readRego({
  files,
  data,
}: RegoSource): Promise<Pick<RegoPolicy, 'files' | 'data'>> {
  await checkSize('rules', files, RULES_MAX_BYTES);
  await checkSize('data', data, DATA_MAX_BYTES);
  const [rules, documents] = await Promise.all([
    Promise.all(files.map(async (name) => ({ name, text: await readFile(name, 'utf8') }))),
    Promise.all(data.map(async (name) => ({ name, bytes: await readFile(name) }))),
  ]);
  const merged = documents.reduce(
    (earlier, { name, bytes }) => mergeObjects(earlier, parseObject(name, bytes), name),
    {},
  );
  return { files: rules, data: JSON.stringify(merged) };
}

async function checkSize(what: string, files: readonly string[], maxBytes: number): Promise<void> {
  const found = await Promise.all(files.map((file) => stat(file)));
  const size = found.reduce((sum, one) => sum + one.size, 0);
  if (size > maxBytes) throw new Error(`more than ${maxBytes} bytes of ${what}`);
}
