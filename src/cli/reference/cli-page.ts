/** `docs/reference/cli.md`, from what each command says about itself. @module */

import { everyCommand, fullName } from '../help.ts';
import { buildProgram } from '../program.ts';
import type { Terminal } from '../terminal.ts';

const INTRODUCTION = `# Command-line reference

<!-- Generated from src/cli by "make reference"; change it there. -->

A flag wins over the environment (\`GATEWAY_MODE\`, \`GATEWAY_PORT\`), the environment over the file,
the file over the default.

| exit code | meaning |
|---|---|
| 0 | done; for \`check\`: valid |
| 1 | failed; for \`check\`: not valid |
| 2 | the command line was not understood |
`;

/** Columns of the help texts; a terminal's own width must not change the page. */
const WIDTH = 100;

export function cliPage(): string {
  let text = '';
  const terminal: Terminal = {
    out: (part) => {
      text += part;
    },
    err: () => {},
    paint: (_, part) => part,
    readInput: () => Promise.resolve(''),
  };
  const sections = everyCommand(buildProgram(terminal, () => {})).map((command) => {
    text = '';
    command.configureOutput({ getOutHelpWidth: () => WIDTH }).outputHelp();
    return `\n## ${fullName(command)}\n\n\`\`\`\n${text.trimEnd()}\n\`\`\`\n`;
  });
  return `${INTRODUCTION}${sections.join('')}`;
}
