/** `report`: every table, chart and score again, from results files alone. @module */

import { writeFileSync } from 'node:fs';
import { Command, Option } from 'commander';

import { processTerminal, type Terminal } from '../../src/cli/terminal.ts';
import { GatewayError } from '../../src/errors.ts';
import { pushMetrics } from './push.ts';
import { prometheusText } from './prometheus.ts';
import { screenOf } from './grid-text.ts';
import type { ResultRecord } from '../results/records.ts';
import { htmlReport } from './html/page.ts';
import { jsonReport } from './json.ts';
import { markdownReport } from './markdown.ts';
import type { ReportOptions } from './model.ts';
import { readRuns } from './runs.ts';
import { printTables } from './terminal.ts';

interface Options {
  readonly html?: string;
  readonly markdown?: true;
  readonly json?: true;
  readonly prometheus?: true;
  readonly push?: string;
  readonly reference?: string;
}

const EXAMPLES = `
The last run of all files is reported; the others are its history. The same files give the same
output, byte for byte.

Examples:
  $ stoa-arena report results/2026-11-14.jsonl
  $ stoa-arena report results/*.jsonl --html report.html
  $ stoa-arena report results/2026-11-14.jsonl --markdown >> README.md
  $ stoa-arena report results/2026-11-14.jsonl --push http://pushgateway:9091`;

export function reportCommand(terminal: Terminal = processTerminal()): Command {
  return new Command('report')
    .description('make every table, chart and score again from results')
    .argument('<results...>', 'results files (JSONL)')
    .option('--html <file>', 'write the report as one HTML file')
    .addOption(new Option('--markdown', 'print the main tables as Markdown').conflicts('json'))
    .addOption(new Option('--json', 'print everything as JSON').conflicts('prometheus'))
    .addOption(
      new Option('--prometheus', 'print the original L0 score and its metrics').conflicts(
        'markdown',
      ),
    )
    .option(
      '--push <url>',
      'send those metrics to a Prometheus pushgateway; ARENA_PUSH_AUTHORIZATION is its Authorization field',
    )
    .option('--reference <target>', 'the target that ratios refer to (default: nginx)')
    .addHelpText('after', EXAMPLES)
    .action(async (files: string[], options: Options) => {
      const { records, earlier } = readRuns(files, (text) => terminal.err(`${text}\n`));
      if (options.reference !== undefined) mustHave(records, options.reference);
      const about: ReportOptions = {
        earlier,
        ...(options.reference === undefined ? {} : { reference: options.reference }),
      };
      if (options.html !== undefined) writeReport(options.html, htmlReport(records, about));
      if (options.push !== undefined) {
        const told = await pushMetrics(options.push, prometheusText(records), {
          authorization: process.env['ARENA_PUSH_AUTHORIZATION'],
        });
        terminal.err(`${told}\n`);
      }
      if (options.markdown) terminal.out(markdownReport(records, about));
      else if (options.json) terminal.out(jsonReport(records, about));
      else if (options.prometheus) terminal.out(prometheusText(records));
      else if (options.html !== undefined) terminal.err(`wrote ${options.html}\n`);
      else if (options.push === undefined) {
        terminal.out(printTables(records, { ...about, ...screenOf(terminal) }));
      }
    });
}

function mustHave(records: readonly ResultRecord[], name: string): void {
  const names = records.flatMap((one) => (one.kind === 'target' ? [one.target] : []));
  if (names.includes(name)) return;
  throw new GatewayError('usage', `--reference ${name}: the run has ${names.join(', ')}`);
}

function writeReport(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new GatewayError('usage', `the report cannot be written to ${file}: ${reason}`, {
      cause: error,
    });
  }
}
