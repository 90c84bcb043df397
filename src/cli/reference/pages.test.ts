/**
 * The generated files are what the sources say. `UPDATE=1` writes them instead of comparing.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';

import { eventSchemaText } from '../../metering/event-schema.ts';
import { schemaText } from '../schema.ts';
import { cliPage } from './cli-page.ts';
import { configPage } from './config-page.ts';

/** From dist/src/cli/reference. */
const PROJECT = join(import.meta.dirname, '../../../..');

const GENERATED = {
  'schema/config.json': schemaText,
  'schema/metering-event.json': eventSchemaText,
  'docs/reference/config.md': configPage,
  'docs/reference/cli.md': cliPage,
};

describe('generated files', () => {
  for (const [name, generate] of Object.entries(GENERATED)) {
    it(`${name} is up to date ("make reference" writes it)`, () => {
      const file = join(PROJECT, name);
      if (process.env['UPDATE'] === '1') {
        mkdirSync(dirname(file), { recursive: true });
        writeFileSync(file, generate());
      }
      assert.equal(readFileSync(file, 'utf8'), generate());
    });
  }
});

describe('the reference', () => {
  it('has a description for every key', () => {
    assert.doesNotMatch(configPage(), /\|\s*\|$/m);
  });

  it('has every command', () => {
    for (const name of [
      'run',
      'check',
      'explain',
      'usage',
      'schema',
      'keys hash',
      'keys create',
      'revoke key',
      'revoke token',
      'revoke undo',
      'policy test',
      'demo',
    ]) {
      assert.match(cliPage(), new RegExp(`^## stoa-gateway ${name}$`, 'm'));
    }
  });
});
