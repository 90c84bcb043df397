/**
 * What a run of the load benchmarks can be told on its command line.
 *
 * @module
 */

import { parseArgs } from 'node:util';

export interface Options {
  readonly rounds: number;
  /** Seconds of each measured window. */
  readonly seconds: number;
  readonly connections: number;
  /** Decides the order of targets and every resampling. */
  readonly seed: number;
  /** Names of the targets to run; empty is all. */
  readonly only: readonly string[];
  /** Print the tables of these raw rows again, and measure nothing. */
  readonly from: string | null;
}

const HELP = `--rounds N       rounds, each with every target once (10)
--seconds S      seconds of each measured window (4)
--connections C  connections of the generator (64)
--seed N         order of targets and resampling (random, printed)
--only A,B       these targets only
--from FILE      print the tables of an earlier run's rows again`;

function whole(text: string, name: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) {
    throw new Error(`--${name}: a whole number above 0 is needed, not "${text}"`);
  }
  return number;
}

/** Reads the command line; prints the help and ends the process when asked to. */
export function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '10' },
      seconds: { type: 'string', default: '4' },
      connections: { type: 'string', default: '64' },
      seed: { type: 'string', default: `${1 + Math.floor(Math.random() * 2 ** 31)}` },
      only: { type: 'string', default: '' },
      from: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    process.exit(0);
  }
  return {
    rounds: whole(values.rounds, 'rounds'),
    seconds: whole(values.seconds, 'seconds'),
    connections: whole(values.connections, 'connections'),
    seed: whole(values.seed, 'seed'),
    only: values.only.split(',').filter(Boolean),
    from: values.from ?? null,
  };
}
