/**
 * Plays `stoa-arena` for the tests of the schedule: `run` does what its plan file says, `schedule`
 * is the real one.
 *
 * | word in the plan | what `run` does after its first lines |
 * |---|---|
 * | `complete` | ends well |
 * | `crash`    | throws |
 * | `nothing`  | ends badly, with no results at all |
 * | `wait`     | runs until SIGTERM, then writes that it is not complete |
 * | `stubborn` | runs, whatever SIGTERM says, and has a child that does the same |
 * | `bad-report` | ends well; every `report` that has it fails |
 * | `never`    | is never run: the plan's cron expression is not valid |
 *
 * @module
 */

import { spawn } from 'node:child_process';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Command } from 'commander';

import { scheduleCommand } from './command.ts';
import { endRecord, runRecord } from './run-record.fixture.ts';

function report(results: readonly string[], html: string): void {
  const texts = results.map((file) => readFileSync(file, 'utf8'));
  if (texts.some((text) => text.includes('"bad-report"'))) throw new Error('no report');
  writeFileSync(html, `<!doctype html><p>${results.join(' ')}`);
}

function run(plan: string, folder: string): void {
  if (plan === 'nothing') {
    process.stderr.write('no target is ready\n');
    process.exit(1);
  }
  const at = new Date().toISOString();
  const line = (record: object): void => {
    appendFileSync(join(folder, 'results.jsonl'), `${JSON.stringify(record)}\n`);
  };
  const record = runRecord(basename(folder), at);
  line({ ...record, plan: { ...record.plan, name: plan } });
  process.stdout.write(`measuring ${plan}\n`);
  if (plan === 'crash') throw new Error('out of memory');
  if (plan === 'stubborn') {
    const child = spawn('sleep', ['60'], { stdio: 'ignore' });
    writeFileSync(join(folder, 'child.pid'), String(child.pid));
    process.on('SIGTERM', () => {});
    setInterval(() => {}, 1000);
  } else if (plan === 'wait') {
    process.once('SIGTERM', () => {
      line(endRecord(at, false, 'SIGTERM'));
      process.exit(1);
    });
    setInterval(() => {}, 1000);
  } else {
    line(endRecord(at, true));
  }
  writeFileSync(join(folder, 'ready'), '');
}

function planOf(file: string): string {
  return readFileSync(file, 'utf8').trim();
}

const program = new Command('stand-in');
program
  .command('run')
  .option('--file <plan>', '', '')
  .option('--output <folder>', '', '')
  .option('--id <id>', '', '')
  .action(({ file, output, id }: { file: string; output: string; id: string }) => {
    run(planOf(file), join(output, id));
  });
program
  .command('report <results...>')
  .option('--html <file>', '', '')
  .action((results: readonly string[], { html }: { html: string }) => report(results, html));
program.addCommand(
  scheduleCommand({
    settingsOf: (file) => {
      const cron = planOf(file) === 'never' ? 'never' : '*/30 * * * *';
      return { cron, retentionDays: 90, busyLoadMax: 1024 };
    },
    coresBusy: async () => 0,
    err: (text) => void process.stderr.write(text),
    exit: (code) => {
      process.exitCode = code;
    },
  }),
);
await program.parseAsync();
