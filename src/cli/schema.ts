/** `schema`: the configuration as JSON Schema, for editors and tools. @module */

import { Command } from 'commander';

import { configJsonSchema } from '../config/json-schema.ts';
import type { Terminal } from './terminal.ts';

const EXAMPLES = `
Examples:
  $ stoa-gateway schema > gateway.schema.json

An editor with a YAML language server completes a file that starts with
  # yaml-language-server: $schema=gateway.schema.json`;

export function schemaCommand(terminal: Terminal): Command {
  return new Command('schema')
    .description('print the JSON Schema of the configuration')
    .addHelpText('after', EXAMPLES)
    .action(() => terminal.out(schemaText()));
}

/** The text of `schema/config.json`. */
export function schemaText(): string {
  return `${JSON.stringify(configJsonSchema(), null, 2)}\n`;
}
