/** `demo`: the demo backend on its own, until a signal ends it. @module */

import { once } from 'node:events';
import { Command, Option } from 'commander';

import { GatewayError } from '../errors.ts';
import { startDemo } from './demo.ts';
import { toAddress } from './options.ts';
import type { Terminal } from './terminal.ts';

/** Where the examples expect it. */
export const DEMO_ADDRESS = '127.0.0.1:9000';

const EXAMPLES = `
It answers every path with what it received; /delay/N waits N milliseconds, /bytes/N sends N bytes,
/sse sends events.

Examples:
  $ stoa-gateway demo
  $ stoa-gateway demo --address 127.0.0.1:9001`;

export function demoCommand(terminal: Terminal): Command {
  return new Command('demo')
    .description('start the demo backend: a small upstream to try the gateway against')
    .addOption(
      new Option('--address <host:port>', 'where to listen')
        .default(DEMO_ADDRESS)
        .argParser(toAddress),
    )
    .addHelpText('after', EXAMPLES)
    .action(async ({ address }: { readonly address: string }) => {
      const demo = await startDemo({ address }).catch((cause: unknown) => {
        throw new GatewayError('address_in_use', `cannot listen on ${address}`, { cause });
      });
      terminal.out(`demo backend: http://${demo.address} (Ctrl-C stops it)\n`);
      await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
      await demo.close();
    });
}
