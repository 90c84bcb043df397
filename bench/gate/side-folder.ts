/**
 * What the gateways of a run read: the API keys, and a configuration for each process.
 *
 * @module
 */

import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { CONSUMERS, keyOf, TENANT } from '../../arena/tiers/tiers.ts';
import { PROJECT } from './place.ts';

const TEMPLATE = join(PROJECT, 'bench/gate/gateway.yaml');

/** A new folder with the keys in it, which ends with this process at the latest. */
export function openFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'stoa-gate-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const lines = Array.from({ length: CONSUMERS.usual }, (_, consumer) => {
    const digest = createHash('sha256').update(keyOf(consumer)).digest('hex');
    return `${digest},consumer-${consumer},${TENANT}\n`;
  });
  writeFileSync(join(folder, 'keys.csv'), lines.join(''));
  return folder;
}

/** Writes gateway.yaml with these values as `name`; returns the file. */
export function writeConfig(
  folder: string,
  name: string,
  values: Readonly<Record<string, string>>,
): string {
  const file = join(folder, name);
  const template = readFileSync(TEMPLATE, 'utf8');
  writeFileSync(
    file,
    template.replaceAll(/@([A-Z_]+)@/g, (_, key: string) => values[key] ?? ''),
  );
  return file;
}
