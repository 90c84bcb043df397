/**
 * `revoke`: keys, tokens, consumers, tenants and subjects, in a gateway that runs.
 *
 * A key or a token is hashed here and goes no further than this process.
 *
 * @module
 */

import { existsSync } from 'node:fs';
import { Command, InvalidArgumentError, Option } from 'commander';

import { digestOfKey, isKey } from '../config/schema/consumers.ts';
import { GatewayError } from '../errors.ts';
import { isId, type Revocation, tokenDigest } from '../revocation/revocation.ts';
import { adminPlace, askAdmin } from './admin-client.ts';
import { FILE_DEFAULT } from './checked.ts';
import { configOption, type OutputOptions, outputOption, toAddress } from './options.ts';
import type { Terminal } from './terminal.ts';

interface Options extends OutputOptions {
  readonly config?: string;
  readonly admin?: string;
  readonly tokenFile?: string;
}

interface TokenOptions extends Options {
  readonly sha256?: string;
  readonly id?: string;
  readonly issuer?: string;
  readonly expires?: string;
}

const EXAMPLES = `
Examples:
  $ stoa-gateway revoke key < key.txt
  $ stoa-gateway revoke token --id 6f1c… --issuer idp --expires 2027-01-31
  $ stoa-gateway revoke consumer acme-app
  $ stoa-gateway revoke list
  $ stoa-gateway revoke undo 0f343b0931126a20f133d67c2b018a3b

When a command has returned, no worker admits what was revoked, and no later start forgets it.
Requests that were forwarded already go on. The gateway is asked on its admin listener: that of
--admin, else of --config, else of gateway.yaml of this folder, else 127.0.0.1:9901.`;

const SECRET_EXAMPLES = (kind: string): string => `
Without an argument the ${kind} is read from standard input, which keeps it out of the shell's
history and the process list. Only its digest is sent.`;

export function revokeCommand(terminal: Terminal): Command {
  const command = new Command('revoke')
    .description('revoke keys, tokens, consumers or tenants in a running gateway')
    .addHelpText('after', EXAMPLES);
  const commands = [
    keyCommand(terminal),
    tokenCommand(terminal),
    namedCommand(terminal, 'consumer', 'everything of a consumer: keys, tokens and certificates'),
    namedCommand(terminal, 'tenant', 'everything of every consumer of a tenant'),
    subjectCommand(terminal),
    listCommand(terminal),
    undoCommand(terminal),
  ];
  for (const one of commands) {
    command.addCommand(
      one
        .addOption(configOption())
        .addOption(
          new Option('--admin <address>', 'admin listener of the gateway').argParser(toAddress),
        )
        .option('--token-file <file>', 'file with the token of the admin listener')
        .addOption(outputOption()),
    );
  }
  return command;
}

function keyCommand(terminal: Terminal): Command {
  return new Command('key')
    .description('revoke an API key')
    .argument('[key]', 'the key; better through standard input')
    .addOption(
      new Option('--sha256 <digest>', 'its digest, in place of the key').argParser(toDigest),
    )
    .addHelpText('after', SECRET_EXAMPLES('key'))
    .action(async (given: string | undefined, options: TokenOptions) => {
      const name = options.sha256 ?? digestOfKey(await keyFrom(given, terminal));
      await revoke({ kind: 'key', name }, options, terminal);
    });
}

async function keyFrom(given: string | undefined, terminal: Terminal): Promise<string> {
  const key = given ?? (await terminal.readInput()).replace(/\r?\n$/, '');
  if (isKey(key)) return key;
  throw new GatewayError('usage', 'a key is 1 to 1024 visible ASCII characters without spaces');
}

function tokenCommand(terminal: Terminal): Command {
  return new Command('token')
    .description('revoke a token: a signed one, or an opaque one')
    .argument('[token]', 'the token; better through standard input')
    .addOption(
      new Option(
        '--sha256 <digest>',
        'in place of the token: the digest of a signed one up to its last dot, of another one whole',
      ).argParser(toDigest),
    )
    .addOption(new Option('--id <jti>', 'in place of the token: its jti').conflicts('sha256'))
    .option('--issuer <issuer>', 'for --id: name or identifier of the issuer')
    .option('--expires <time>', 'when it expires by itself; for a signed token, its exp')
    .addHelpText('after', SECRET_EXAMPLES('token'))
    .action(async (given: string | undefined, options: TokenOptions) => {
      await revoke(await tokenFrom(given, options, terminal), options, terminal);
    });
}

async function tokenFrom(
  given: string | undefined,
  { id, issuer, sha256, expires }: TokenOptions,
  terminal: Terminal,
): Promise<object> {
  const expiry = expires === undefined ? {} : { expiresAt: expires };
  if (id !== undefined) {
    if (issuer === undefined) throw new GatewayError('usage', '--id needs --issuer');
    return { kind: 'jti', name: id, issuer, ...expiry };
  }
  if (sha256 !== undefined) return { kind: 'token', name: sha256, ...expiry };
  const token = (given ?? (await terminal.readInput())).trim();
  if (!/^[\w.~+/-]+=*$/.test(token)) {
    throw new GatewayError('usage', 'a token has letters, digits and ".", "_", "~", "+", "/", "-"');
  }
  const digest = tokenDigest(token);
  const { expiresAt } = digest;
  return {
    kind: 'token',
    name: digest.sha256,
    ...(expiresAt === null ? {} : { expiresAt }),
    ...expiry,
  };
}

function namedCommand(terminal: Terminal, kind: string, what: string): Command {
  return new Command(kind)
    .description(`revoke ${what}`)
    .argument('<name>', `name of the ${kind}`)
    .action(async (name: string, options: Options) => {
      await revoke({ kind, name }, options, terminal);
    });
}

function subjectCommand(terminal: Terminal): Command {
  return new Command('subject')
    .description('revoke every token that an issuer gave to somebody')
    .argument('<sub>', 'the sub of the tokens')
    .requiredOption('--issuer <issuer>', 'name or identifier of the issuer')
    .action(async (name: string, options: TokenOptions) => {
      await revoke({ kind: 'subject', name, issuer: options.issuer }, options, terminal);
    });
}

function listCommand(terminal: Terminal): Command {
  return new Command('list')
    .description('print what is revoked')
    .action(async (options: Options) => {
      const said = await askAdmin(placeOf(options), 'GET', '/revocations');
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the gateway's own answer
      const { revocations } = said as { revocations: readonly Revocation[] };
      terminal.out(
        options.output === 'json'
          ? `${JSON.stringify(revocations, null, 2)}\n`
          : revocations.map((one) => `${lineOf(one)}\n`).join('') || 'nothing is revoked\n',
      );
    });
}

function undoCommand(terminal: Terminal): Command {
  return new Command('undo')
    .description('let what was revoked count again')
    .argument('<id>', 'as "revoke list" has it')
    .action(async (id: string, options: Options) => {
      if (!isId(id)) throw new GatewayError('usage', 'an id has 32 hexadecimal digits');
      const said = await askAdmin(placeOf(options), 'DELETE', `/revocations/${id}`);
      if (options.output === 'text') terminal.out('counts again: ');
      tell(said, options, terminal);
    });
}

async function revoke(thing: object, options: Options, terminal: Terminal): Promise<void> {
  tell(await askAdmin(placeOf(options), 'POST', '/revocations', thing), options, terminal);
}

function tell(said: unknown, { output }: OutputOptions, terminal: Terminal): void {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the gateway's own answer
  const text = output === 'json' ? JSON.stringify(said) : lineOf(said as Revocation);
  terminal.out(`${text}\n`);
}

function lineOf({ id, kind, issuer, name, revokedAt, expiresAt }: Revocation): string {
  const of = issuer === null ? '' : ` of ${issuer}`;
  const until = expiresAt === null ? '' : ` until ${expiresAt}`;
  return `${id}  ${kind} ${name}${of}, since ${revokedAt}${until}`;
}

function placeOf({ config, admin, tokenFile }: Options): ReturnType<typeof adminPlace> {
  const file = config ?? (admin === undefined && existsSync(FILE_DEFAULT) ? FILE_DEFAULT : null);
  return adminPlace(file, { admin, tokenFile });
}

function toDigest(text: string): string {
  if (/^[0-9a-f]{64}$/i.test(text)) return text.toLowerCase();
  throw new InvalidArgumentError('A digest has 64 hexadecimal digits.');
}
