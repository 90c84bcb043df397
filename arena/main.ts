/** The process entry of the arena: the command line decides what happens. @module */

import { runArena } from './cli/program.ts';

process.exitCode = await runArena(process.argv.slice(2));
