/**
 * `quotas`: how far each quota is used, from the file that a gateway counts in, running or not.
 *
 * @module
 */

import { existsSync } from 'node:fs';

import { Command } from 'commander';

import { formatProblem } from '../config/problem.ts';
import { GatewayError } from '../errors.ts';
import type { QuotaCounter } from '../native/addon.ts';
import { describeError } from '../telemetry/log.ts';
import { checkFile, configFile } from './checked.ts';
import { columns } from './columns.ts';
import { loadAddon } from './native.ts';
import { configOption, type OutputOptions, outputOption } from './options.ts';
import type { Terminal } from './terminal.ts';

interface Options extends OutputOptions {
  readonly config?: string;
  readonly all: boolean;
}

const EXAMPLES = `
Examples:
  $ stoa-gateway quotas
  $ stoa-gateway quotas --config gateway.yaml --output json

What is listed is the file that the gateway of this configuration counts in (quotas.path): a consumer
or tenant appears with its first request. Times are UTC.`;

export function quotasCommand(terminal: Terminal, exit: (code: number) => void): Command {
  return new Command('quotas')
    .description('list how far quotas are used, by subject and window')
    .addOption(configOption())
    .option('--all', 'also those whose window has ended', false)
    .addOption(outputOption())
    .addHelpText('after', EXAMPLES)
    .action(async (options: Options) => exit(await list(options, terminal)));
}

async function list({ config, all, output }: Options, terminal: Terminal): Promise<number> {
  const checked = await checkFile(configFile(config), {});
  if (!checked.ok) {
    for (const problem of checked.problems) terminal.err(`${formatProblem(problem)}\n`);
    return 1;
  }
  const { quotas } = checked.model;
  const counters = quotas !== null && existsSync(quotas.path) ? await read(quotas.path) : [];
  const nowMs = Date.now();
  const shown = counters
    .filter(({ windowEndMs }) => all || windowEndMs > nowMs)
    .toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  const nothing = quotas === null ? 'no plan has quotas\n' : 'nothing is used\n';
  const text = shown.length === 0 ? nothing : table(shown, terminal);
  terminal.out(output === 'json' ? `${JSON.stringify(shown, null, 2)}\n` : text);
  return 0;
}

async function read(path: string): Promise<readonly QuotaCounter[]> {
  const { readQuotas } = await loadAddon();
  try {
    return readQuotas(path);
  } catch (cause) {
    throw new GatewayError('quotas_failed', describeError(cause), { cause });
  }
}

const HEADER = ['tenant', 'consumer', 'plan', 'per', 'since', 'until', 'used', 'limit'] as const;

function table(counters: readonly QuotaCounter[], terminal: Terminal): string {
  const rows = counters.map((counter) => [
    counter.tenant === '' ? '-' : counter.tenant,
    counter.consumer ?? '-',
    counter.plan,
    counter.per,
    timeOf(counter.windowStartMs),
    timeOf(counter.windowEndMs),
    String(counter.used),
    String(counter.limit),
  ]);
  return columns(HEADER, rows, { names: 6, title: (line) => terminal.paint('bold', line) });
}

function nameOf({ tenant, consumer, plan, per }: QuotaCounter): string {
  return [tenant, consumer ?? '', plan, per].join('\0');
}

function timeOf(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16)}Z`;
}
