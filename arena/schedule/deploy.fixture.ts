/**
 * What the tests of `deploy/` and of the workflow read files and command lines with.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';

import { serveCommand } from '../serve/command.ts';
import { scheduleCommand } from './command.ts';

export const ROOT = join(import.meta.dirname, '../../..');

export function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** Documents of a file; fails where YAML is not well formed. */
export function documents(path: string): unknown[] {
  return parseAllDocuments(read(path), { strict: true, uniqueKeys: true }).map((document) => {
    assert.deepEqual(document.errors, []);
    return document.toJS();
  });
}

/** What stands under a path such as `spec.template.0.name`; undefined when nothing does. */
export function at(value: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((inner, key) => {
    return typeof inner === 'object' && inner !== null ? Reflect.get(inner, key) : undefined;
  }, value);
}

export function expectAll(value: unknown, expected: Readonly<Record<string, unknown>>): void {
  for (const [path, wanted] of Object.entries(expected)) {
    assert.deepEqual(at(value, path), wanted, path);
  }
}

/** Fails where a command line has a flag that the command has not, or lacks one that it needs. */
export function assertUnderstood([name, ...words]: readonly string[]): void {
  const none = { err: () => {}, exit: () => {} };
  const command =
    name === 'schedule'
      ? scheduleCommand({
          ...none,
          settingsOf: () => ({ cron: '@hourly', retentionDays: 1, busyLoadMax: 1 }),
        })
      : serveCommand({ ...none, out: () => {}, metricsOf: () => '' });
  assert.equal(command.name(), name);
  const { unknown } = command.exitOverride().parseOptions([...words]);
  assert.deepEqual(unknown, []);
  for (const option of command.options.filter(({ mandatory }) => mandatory)) {
    assert.notEqual(command.getOptionValue(option.attributeName()), undefined, option.flags);
  }
}
