/**
 * `usage`: sums what was metered, from the spool and the files of the file sink.
 *
 * @module
 */

import { Command, InvalidArgumentError, Option } from 'commander';

import { formatProblem } from '../config/problem.ts';
import type { MeteringEvent } from '../metering/event-schema.ts';
import {
  DIMENSIONS,
  type Dimension,
  type Period,
  PERIODS,
  Usage,
  type UsageOptions,
  type UsageSum,
} from '../metering/usage.ts';
import { checkFile, configFile } from './checked.ts';
import { columns } from './columns.ts';
import { loadStoredEvents } from './native.ts';
import { configOption, type OutputOptions, outputOption } from './options.ts';
import type { Terminal } from './terminal.ts';

interface Options extends OutputOptions {
  readonly config?: string;
  readonly by: readonly Dimension[];
  readonly period: Period;
  readonly since: number;
  readonly until: number;
}

const EXAMPLES = `
Examples:
  $ stoa-gateway usage
  $ stoa-gateway usage --by tenant,route --period day --since 2026-11-01
  $ stoa-gateway usage events.jsonl --by consumer --output json

Without files, what is in the spool and in the file sink of the configuration is summed. An event
that is there twice counts once. Times are UTC.`;

export function usageCommand(terminal: Terminal, exit: (code: number) => void): Command {
  return new Command('usage')
    .description('sum what was metered, by tenant, consumer, route and period')
    .argument('[files...]', 'files of events, a line of JSON each')
    .addOption(configOption())
    .addOption(
      new Option('--by <names>', `what to keep apart: ${DIMENSIONS.join(', ')}`)
        .default(['tenant', 'consumer', 'route'], 'tenant,consumer,route')
        .argParser(toDimensions),
    )
    .addOption(new Option('--period <period>', 'what to sum over').choices(PERIODS).default('all'))
    .addOption(
      new Option('--since <time>', 'from this time on, such as 2026-11-01')
        .default(Number.NEGATIVE_INFINITY, 'the first event')
        .argParser(toTimeMs),
    )
    .addOption(
      new Option('--until <time>', 'before this time')
        .default(Number.POSITIVE_INFINITY, 'now')
        .argParser(toTimeMs),
    )
    .addOption(outputOption())
    .addHelpText('after', EXAMPLES)
    .action(async (files: readonly string[], options: Options) => {
      exit(await sumUp(files, options, terminal));
    });
}

async function sumUp(
  files: readonly string[],
  { config, by, period, since, until, output }: Options,
  terminal: Terminal,
): Promise<number> {
  const options: UsageOptions = { by, period, sinceMs: since, untilMs: until };
  const { storedEvents, eventsInFiles } = await loadStoredEvents();
  const usage = new Usage(options);
  if (files.length > 0) await addAll(usage, eventsInFiles(files));
  else {
    // Also where it is the environment that switches it on.
    const checked = await checkFile(configFile(config), { metering: true });
    if (!checked.ok || checked.model.metering === null) {
      const problems = checked.ok ? [] : checked.problems;
      for (const problem of problems) terminal.err(`${formatProblem(problem)}\n`);
      return 1;
    }
    await addAll(usage, storedEvents(checked.model.metering));
  }
  const sums = usage.sums();
  if (output === 'json') terminal.out(`${JSON.stringify(sums, null, 2)}\n`);
  else if (sums.length === 0) terminal.out(files.length > 0 ? 'no events\n' : NOTHING_WRITTEN);
  else terminal.out(table(sums, options, (text) => terminal.paint('bold', text)));
  return 0;
}

async function addAll(usage: Usage, events: AsyncIterable<MeteringEvent>): Promise<void> {
  for await (const event of events) usage.add(event);
}

const NOTHING_WRITTEN =
  'no events; they are written while metering is on: metering.enabled, METERING_ENABLED or --metering\n';

const COLUMNS = ['requests', 'refused', 'failed', 'bytesIn', 'bytesOut'] as const;

function table(
  sums: readonly UsageSum[],
  { by, period }: UsageOptions,
  title: (text: string) => string,
): string {
  const names = [...(period === 'all' ? [] : [period]), ...by];
  const rows = sums.map(({ group, from, ...sum }) => [
    ...(from === null ? [] : [from]),
    ...by.map((dimension) => group[dimension] ?? '-'),
    ...COLUMNS.map((column) => String(sum[column])),
  ]);
  return columns([...names, ...COLUMNS], rows, { names: names.length, title });
}

function toDimensions(text: string): Dimension[] {
  const names = text.split(',').map((name) => name.trim());
  const known = names.filter((name): name is Dimension =>
    DIMENSIONS.some((dimension) => dimension === name),
  );
  if (known.length < names.length || new Set(names).size < names.length) {
    throw new InvalidArgumentError(`Names are some of ${DIMENSIONS.join(', ')}, each once.`);
  }
  return known;
}

function toTimeMs(text: string): number {
  const isTime = /^\d{4}-\d{2}(?:-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?Z)?)?$/.test(text);
  const timeMs = isTime ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(timeMs)) {
    throw new InvalidArgumentError('A time has the form 2026-11-01 or 2026-11-01T13:00:00Z.');
  }
  return timeMs;
}
