/** `serve`: show reports and history of a schedule's folder, until a signal. @module */

import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { Command, InvalidArgumentError, Option } from 'commander';

import { type Address, formatAddress, parseAddress } from '../../src/config/address.ts';
import { describeError, type Log, processLog } from '../../src/telemetry/log.ts';
import type { MetricsOf } from './pages.ts';
import { type ArenaServer, openArenaServer } from './server.ts';

export interface ServeSurroundings {
  readonly metricsOf: MetricsOf;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly exit: (code: number) => void;
  readonly log?: Log;
}

const EXAMPLES = `
/ leads to the latest report, /runs the list of runs, /runs/ID/ a run's report, /runs/ID/results.jsonl its
raw results, /history the history, /metrics Prometheus text, /status what the schedule is doing,
/health/live whether this server answers. Nothing is ever written. Whoever reaches the address
reads everything: put a proxy before it for TLS and passwords.

Examples:
  $ stoa-arena serve results
  $ stoa-arena serve /var/lib/stoa-arena --address 0.0.0.0:8099

The exit code is 0 when stopped, 1 when the folder or the address can't be used.`;

export function serveCommand(surroundings: ServeSurroundings): Command {
  return new Command('serve')
    .description('show reports and history over HTTP')
    .argument('<folder>', 'what `stoa-arena schedule` writes into')
    .addOption(
      new Option('--address <host:port>', 'where to listen')
        .default({ host: '127.0.0.1', port: 8099 }, '127.0.0.1:8099')
        .argParser(toAddress),
    )
    .addHelpText('after', EXAMPLES)
    .action(async (folder: string, options: { readonly address: Address }) => {
      const problem = await serve(folder, options.address, surroundings);
      if (problem === null) return;
      surroundings.err(`error: ${problem}\n`);
      surroundings.exit(1);
    });
}

/** Resolves at a signal with null, or with what is wrong. */
async function serve(
  folder: string,
  address: Address,
  { metricsOf, out, log = processLog('serve') }: ServeSurroundings,
): Promise<string | null> {
  const isFolder = await stat(folder).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!isFolder)
    return `${folder} is no folder: name the one that "stoa-arena schedule" writes into`;
  const onError = (error: unknown): void => {
    log('error', 'page_failed', { error: describeError(error) });
  };
  const { host } = address;
  let server: ArenaServer;
  try {
    server = await openArenaServer({ ...address, folder, metricsOf, onError });
  } catch (error) {
    return `cannot listen on ${formatAddress(address)}: ${describeError(error)}`;
  }
  out(`Gateway Arena: http://${formatAddress({ host, port: server.port })} (Ctrl-C stops it)\n`);
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  await server.close();
  return null;
}

function toAddress(text: string): Address {
  const address = parseAddress(text);
  if (address === null) throw new InvalidArgumentError('An address has the form host:port.');
  return address;
}
