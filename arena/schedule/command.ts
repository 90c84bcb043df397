/** `schedule`: run a plan at the times it names, until a signal. @module */

import { Command, InvalidArgumentError, Option } from 'commander';

import { type Log, processLog } from '../../src/telemetry/log.ts';
import { measureCoresBusy } from './busy.ts';
import { systemClock } from './clock.ts';
import { ownProgram } from './commands.ts';
import { freeBytesOf, ROUND_LIMITS } from './round.ts';
import { runOnce, runSchedule } from './schedule.ts';
import { cronProblem, type ScheduleSettings } from './settings.ts';

export interface ScheduleSurroundings {
  /** The part `schedule` of a plan. Throws, with every problem, when the plan is not valid. */
  readonly settingsOf: (planFile: string) => ScheduleSettings;
  readonly err: (text: string) => void;
  readonly exit: (code: number) => void;
  readonly log?: Log;
  readonly coresBusy?: typeof measureCoresBusy;
}

interface Options {
  readonly file: string;
  readonly output: string;
  readonly once: boolean;
  readonly jitter?: number;
  readonly timeLimit: number;
  readonly diskMin: number;
}

const EXAMPLES = `
The plan's part "schedule" says when (cron, in UTC), how long runs are kept, and how much of the
machine others may use. A round is skipped, with a line that says why, while the last one runs,
while others use the machine, or when the disk is nearly full. One schedule a folder: a second one
ends at once. SIGTERM and Ctrl-C end the round that runs; what it measured stays, with its report.

Examples:
  $ stoa-arena schedule -f arena/plans/scheduled.yaml -o /var/lib/stoa-arena
  $ stoa-arena schedule -f arena/plans/scheduled.yaml -o results --once   # for a timer
  $ stoa-arena serve results

The exit code is 0 when stopped or, with --once, when the round was complete or skipped, else 1.`;

export function scheduleCommand(surroundings: ScheduleSurroundings): Command {
  return new Command('schedule')
    .description('run a plan again and again, at the times it names')
    .requiredOption('-f, --file <plan>', 'the plan')
    .requiredOption('-o, --output <folder>', 'where runs, reports and status.json are written')
    .option('--once', 'run one round now and end; its time is up to a timer', false)
    .addOption(numberOption('--jitter <seconds>', 'begin up to so much later, at random', 3600))
    .addOption(numberOption('--time-limit <minutes>', 'end a run that takes longer', 1440, 60))
    .addOption(numberOption('--disk-min <MiB>', 'skip with less free space', 1 << 30, 1024))
    .addHelpText('after', EXAMPLES)
    .action(async (options: Options) => schedule(options, surroundings));
}

async function schedule(options: Options, surroundings: ScheduleSurroundings): Promise<void> {
  const settings = surroundings.settingsOf(options.file);
  const problem = cronProblem(settings.cron);
  if (problem !== null) {
    surroundings.err(`error: ${options.file}: schedule.cron: ${problem}\n`);
    surroundings.exit(1);
    return;
  }
  const stop = new AbortController();
  const onSignal = (): void => stop.abort();
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, onSignal);
  try {
    const plan = {
      program: ownProgram(),
      planFile: options.file,
      folder: options.output,
      settings: { ...settings, jitterS: options.jitter ?? settings.jitterS ?? 0 },
      limits: {
        ...ROUND_LIMITS,
        runTimeoutMs: options.timeLimit * 60_000,
        diskMinBytes: options.diskMin * 1_048_576,
      },
      clock: systemClock,
      log: surroundings.log ?? processLog('schedule'),
      coresBusy: surroundings.coresBusy ?? measureCoresBusy,
      freeBytes: freeBytesOf,
      random: Math.random,
    };
    const ended = await (options.once ? runOnce : runSchedule)(plan, stop.signal);
    if (ended.ok) return;
    surroundings.err(`error: ${ended.why}\n`);
    surroundings.exit(1);
  } finally {
    for (const name of ['SIGTERM', 'SIGINT'] as const) process.off(name, onSignal);
  }
}

function numberOption(flags: string, description: string, max: number, standard?: number): Option {
  const option = new Option(flags, description).argParser((text) => {
    const number = Number(text);
    if (!/^\d{1,10}$/.test(text) || number > max) {
      throw new InvalidArgumentError(`A whole number from 0 to ${max} is needed.`);
    }
    return number;
  });
  return standard === undefined ? option : option.default(standard);
}
