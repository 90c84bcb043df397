/** The process entry: the command line decides what happens. @module */

import { runCli } from './cli/program.ts';

process.exitCode = await runCli(process.argv.slice(2));
