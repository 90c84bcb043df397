/**
 * `run`: starts the gateway, from a file or from flags alone.
 *
 * A flag wins over the environment (`GATEWAY_MODE`, `GATEWAY_PORT`, `METERING_ENABLED`, `OPA_ENABLED`), that over the
 * file, that over the default.
 *
 * @module
 */

import { existsSync } from 'node:fs';

import { Command, Option } from 'commander';

import { formatAddress, parseAddress } from '../config/address.ts';
import type { Overrides } from '../config/overrides.ts';
import { formatProblem } from '../config/problem.ts';
import type { Model } from '../config/schema.ts';
import { didYouMean } from '../config/suggest.ts';
import { GatewayError } from '../errors.ts';
import { checkFile, checkOpenRoute, configFile, FILE_DEFAULT } from './checked.ts';
import { type Demo, startDemo } from './demo.ts';
import { DEMO_ADDRESS } from './demo-command.ts';
import { loadStart } from './native.ts';
import {
  configOption,
  toBoolean,
  toEndpointUrl,
  toHost,
  toHttpUrl,
  toMode,
  toPort,
  toSwitch,
  toWorkers,
} from './options.ts';
import type { Terminal } from './terminal.ts';

interface RunOptions extends Overrides {
  readonly config?: string;
  readonly upstream?: string;
  readonly demo?: true;
}

const EXAMPLES = `
Examples:
  $ stoa-gateway run --config gateway.yaml
  $ stoa-gateway --mode=proxy --port=8080 --upstream=http://backend:8080
  $ GATEWAY_PORT=9090 stoa-gateway run --config gateway.yaml
  $ stoa-gateway run --demo

A flag wins over the environment, the environment over the file, the file over the default.
Without --config and --upstream, gateway.yaml of this folder is used; with --demo alone, and without
that file, an open route to the demo backend.`;

/** `exit` is told the exit code when the gateway has ended. */
export function runCommand(terminal: Terminal, exit: (code: number) => void): Command {
  return new Command('run')
    .description('start the gateway')
    .addOption(configOption())
    .addOption(
      new Option('--mode <mode>', 'what the gateway is; this release has "proxy"')
        .env('GATEWAY_MODE')
        .argParser(toMode),
    )
    .addOption(
      new Option('--port <port>', 'port of the first listener')
        .env('GATEWAY_PORT')
        .argParser(toPort),
    )
    .option('--host <host>', 'host of the first listener; 0.0.0.0 is every address', toHost)
    .addOption(
      new Option('--upstream <url>', 'an open route to this upstream, without any file')
        .argParser(toEndpointUrl)
        .conflicts('config'),
    )
    .option('--workers <count>', 'worker processes, or "auto" for one per core', toWorkers)
    .addOption(
      new Option('--metering <switch>', 'record an event of every request: "on" or "off"')
        .env('METERING_ENABLED')
        .argParser(toSwitch),
    )
    .option(
      '--opa-endpoint <url>',
      'every route asks this OPA, or the policy that it names',
      toHttpUrl,
    )
    .addOption(
      new Option('--opa-enabled <boolean>', 'the same of an OPA at http://127.0.0.1:8181')
        .env('OPA_ENABLED')
        .argParser(toBoolean),
    )
    .option('--demo', 'start a demo backend where the first upstream points')
    .addHelpText('after', EXAMPLES)
    .allowExcessArguments()
    .action(async (options: RunOptions, command: Command) => {
      refuseArguments(command);
      exit(await run(options, terminal));
    });
}

/** `run` is what happens without a command, so a misspelt command arrives here. */
function refuseArguments(command: Command): void {
  const [first] = command.args;
  if (first === undefined) return;
  const commands = command.parent?.commands.map((sibling) => sibling.name()) ?? [];
  throw new GatewayError('usage', `unknown command "${first}"${didYouMean(first, commands)}`);
}

async function run(options: RunOptions, terminal: Terminal): Promise<number> {
  const { config, demo = false, upstream: named, ...overrides } = options;
  const upstream = named ?? (demo && !hasFile(config) ? DEMO_URL : undefined);
  const file = upstream === undefined ? configFile(config) : null;
  const checked =
    file === null
      ? await checkOpenRoute(upstream ?? DEMO_URL, overrides)
      : await checkFile(file, overrides);
  if (!checked.ok) {
    for (const problem of checked.problems) terminal.err(`${formatProblem(problem)}\n`);
    return 1;
  }

  const { startGateway } = await loadStart();
  const backend = demo ? await startBackend(checked.model) : null;
  try {
    return await startGateway(checked.model, { demo, configFile: file });
  } finally {
    await backend?.close();
  }
}

function hasFile(named: string | undefined): boolean {
  return named !== undefined || existsSync(FILE_DEFAULT);
}

const DEMO_URL = `http://${DEMO_ADDRESS}`;

/** The demo backend takes the place of the first upstream, which has to be on this machine. */
async function startBackend(model: Model): Promise<Demo> {
  const [first] = Object.values(model.upstreams);
  const url = new URL(first?.endpoints[0]?.url ?? DEMO_URL);
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  if (!/^(?:127\.[\d.]+|::1|localhost)$/.test(host)) {
    throw new GatewayError('usage', `--demo needs a first upstream on this machine, not ${host}`);
  }
  const address = formatAddress({ host, port: url.port === '' ? 80 : Number(url.port) });
  try {
    return await startDemo({ address });
  } catch (cause) {
    const port = parseAddress(address)?.port;
    const detail = `the demo backend cannot listen on ${address}; is port ${port} in use?`;
    throw new GatewayError('address_in_use', detail, { cause });
  }
}
