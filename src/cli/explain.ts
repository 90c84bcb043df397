/** `explain`: what would happen to a request, and why. Sends nothing. @module */

import { Command, Option } from 'commander';

import { formatProblem } from '../config/problem.ts';
import { GatewayError } from '../errors.ts';
import type { Explanation } from '../native/addon.ts';
import { checkFile, configFile } from './checked.ts';
import { loadAddon } from './native.ts';
import { configOption, type OutputOptions, outputOption, toHeaders } from './options.ts';
import { outline } from './outline.ts';
import type { Terminal } from './terminal.ts';

interface ExplainOptions extends OutputOptions {
  readonly config?: string;
  readonly header: readonly (readonly [string, string])[];
  readonly clientIp: string;
}

const EXAMPLES = `
Examples:
  $ stoa-gateway explain GET http://127.0.0.1/echo/hello
  $ stoa-gateway explain GET /echo/orders -H 'x-api-key: good' --config gateway.yaml
  $ stoa-gateway explain GET http://api.example.test/limited --output json

No request is sent and no limit is charged.`;

export function explainCommand(terminal: Terminal, exit: (code: number) => void): Command {
  return new Command('explain')
    .description('say which route, stages, limits and upstream a request would get, and why')
    .argument('<method>', 'method of the request')
    .argument('<url>', 'its URL, or its path alone')
    .addOption(configOption())
    .addOption(
      new Option('-H, --header <header>', 'a header, "name: value"; may be given several times')
        .default([], 'none')
        .argParser(toHeaders),
    )
    .option('--client-ip <address>', 'address the request would come from', '127.0.0.1')
    .addOption(outputOption())
    .addHelpText('after', EXAMPLES)
    .action(async (method: string, url: string, options: ExplainOptions) => {
      exit(await explain(method, url, options, terminal));
    });
}

async function explain(
  method: string,
  url: string,
  options: ExplainOptions,
  terminal: Terminal,
): Promise<number> {
  const { host, target } = partsOf(url);
  const checked = await checkFile(configFile(options.config));
  if (!checked.ok) {
    for (const problem of checked.problems) terminal.err(`${formatProblem(problem)}\n`);
    return 1;
  }
  const hasHost = options.header.some(([name]) => name.toLowerCase() === 'host');
  const addon = await loadAddon();
  const explanation = addon.explain(JSON.stringify(checked.model), {
    method,
    target,
    headers: hasHost ? options.header : [['host', host], ...options.header],
    clientIp: options.clientIp,
  });
  terminal.out(
    options.output === 'json'
      ? `${JSON.stringify(explanation, null, 2)}\n`
      : outline(forPeople(explanation)),
  );
  return 0;
}

/** The answer first, then how it came about. */
function forPeople(explanation: Explanation): object {
  const { route, path, consumer, tenant, plan, outcome, stages, considered } = explanation;
  const { kind, ...details } = outcome;
  return {
    route: route ?? 'none',
    path,
    consumer,
    tenant,
    plan,
    stages,
    outcome: { kind, ...details },
    considered:
      outcome.kind === 'refuse' && outcome.code === 'route_not_found' && considered.length === 0
        ? 'none; no route has this path, and none names this host'
        : considered.map(
            (one) => `${one.route}: ${one.matched ? 'taken' : 'not taken'}, ${one.why}`,
          ),
  };
}

/**
 * Host and target of a URL, or of a path alone. The target stays as it was written: how it is
 * normalised is part of the explanation.
 */
function partsOf(url: string): { readonly host: string; readonly target: string } {
  const [, host = '127.0.0.1', rest] =
    /^(?:https?:\/\/([^/?#@]+))?([/?][^#]*)?(?:#.*)?$/.exec(url) ?? [];
  if (url === '' || (rest === undefined && !url.includes('://'))) {
    throw new GatewayError('usage', `not a URL and not a path: "${url}"`);
  }
  const target = rest ?? '/';
  return { host, target: target.startsWith('?') ? `/${target}` : target };
}
