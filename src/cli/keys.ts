/**
 * `keys`: API keys and passwords, and the digests and hashes that stand for them.
 *
 * A created key is shown once and stored nowhere; a password is never an argument.
 *
 * @module
 */

import { randomBytes } from 'node:crypto';
import { Command, InvalidArgumentError, Option } from 'commander';

import { digestOfKey, isKey, isPassword } from '../config/schema/consumers.ts';
import { costProblem } from '../config/schema/password-hash.ts';
import { GatewayError } from '../errors.ts';
import { normalForm } from '../identity/basic/credentials.ts';
import { COST_DEFAULT, hashPassword } from '../identity/basic/scrypt.ts';
import { type OutputOptions, outputOption } from './options.ts';
import type { Terminal } from './terminal.ts';

/** 256 bits: a plain digest of it can't be searched. */
const KEY_BYTES = 32;

const HASH_EXAMPLES = `
Without an argument the key is read from standard input, which keeps it out of the shell's history
and the process list.

Examples:
  $ stoa-gateway keys hash < key.txt
  $ printf %s "$KEY" | stoa-gateway keys hash`;

const CREATE_EXAMPLES = `
Examples:
  $ stoa-gateway keys create
  $ stoa-gateway keys create --prefix acme_ --output json

The key is for the consumer and is shown only now; the digest is for the configuration:
  consumers: { NAME: { apiKeys: [{ sha256: DIGEST }] } }`;

const PASSWORD_EXAMPLES = `
The password is read from standard input, or typed where that is a terminal, which does not show it.

Examples:
  $ stoa-gateway keys hash-password
  $ stoa-gateway keys hash-password < password.txt

The hash is for the configuration:
  consumers: { NAME: { basic: [{ username: USER, passwordHash: HASH }] } }`;

export function keysCommand(terminal: Terminal): Command {
  return new Command('keys')
    .description('make API keys, and digests of keys and passwords')
    .addCommand(hashCommand(terminal))
    .addCommand(createCommand(terminal))
    .addCommand(hashPasswordCommand(terminal));
}

function hashCommand(terminal: Terminal): Command {
  return new Command('hash')
    .description('print the SHA-256 of an API key, as the configuration wants it')
    .argument('[key]', 'the key; better through standard input')
    .addOption(outputOption())
    .addHelpText('after', HASH_EXAMPLES)
    .action(async (given: string | undefined, { output }: OutputOptions) => {
      const key = given ?? (await terminal.readInput()).replace(/\r?\n$/, '');
      if (!isKey(key)) {
        throw new GatewayError(
          'usage',
          'a key is 1 to 1024 visible ASCII characters without spaces',
        );
      }
      const sha256 = digestOfKey(key);
      terminal.out(output === 'json' ? `${JSON.stringify({ sha256 })}\n` : `${sha256}\n`);
    });
}

function createCommand(terminal: Terminal): Command {
  return new Command('create')
    .description('make a random API key')
    .addOption(
      new Option('--prefix <text>', 'what the key starts with')
        .default('stoa_')
        .argParser(toPrefix),
    )
    .addOption(outputOption())
    .addHelpText('after', CREATE_EXAMPLES)
    .action(({ prefix, output }: OutputOptions & { readonly prefix: string }) => {
      const key = `${prefix}${randomBytes(KEY_BYTES).toString('base64url')}`;
      const sha256 = digestOfKey(key);
      terminal.out(
        output === 'json'
          ? `${JSON.stringify({ key, sha256 })}\n`
          : `${terminal.paint('dim', 'key   ')} ${key}\n${terminal.paint('dim', 'sha256')} ${sha256}\n`,
      );
    });
}

function hashPasswordCommand(terminal: Terminal): Command {
  return new Command('hash-password')
    .description('print the slow hash of a password, as the configuration wants it')
    .addOption(
      new Option(
        '--cost <ln>',
        'logarithm of the cost to the base 2: one more is twice the time and the memory',
      )
        .default(COST_DEFAULT.ln)
        .argParser(toCost),
    )
    .addOption(outputOption())
    .addHelpText('after', PASSWORD_EXAMPLES)
    .action(async ({ cost, output }: OutputOptions & { readonly cost: number }) => {
      const typed = await terminal.readInput('hidden');
      const password = normalForm(typed.replace(/\r?\n$/, ''));
      if (password === '' || !isPassword(password)) {
        throw new GatewayError(
          'usage',
          'a password is 1 to 1024 bytes of UTF-8 without control characters',
        );
      }
      const passwordHash = await hashPassword(password, { ...COST_DEFAULT, ln: cost });
      terminal.out(
        output === 'json' ? `${JSON.stringify({ passwordHash })}\n` : `${passwordHash}\n`,
      );
    });
}

function toCost(text: string): number {
  const ln = /^\d{1,2}$/.test(text) ? Number(text) : 0;
  const wrong = costProblem({ ...COST_DEFAULT, ln });
  if (wrong !== null) throw new InvalidArgumentError(`${wrong}.`);
  return ln;
}

function toPrefix(text: string): string {
  if (!/^[A-Za-z0-9._-]{0,64}$/.test(text)) {
    throw new InvalidArgumentError('A prefix is at most 64 letters, digits, ".", "_" or "-".');
  }
  return text;
}
