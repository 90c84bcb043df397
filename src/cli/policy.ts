/**
 * `policy test`: what a policy says of recorded inputs, and whether that was expected.
 *
 * Exit code: 0 when everything is as expected, 1 when something is not or could not be evaluated.
 *
 * @module
 */

import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { Command } from 'commander';

import { formatProblem } from '../config/problem.ts';
import type { Model } from '../config/schema.ts';
import { didYouMean } from '../config/suggest.ts';
import { GatewayError } from '../errors.ts';
import type { Policies } from '../policy/policies.ts';
import { differences, readRecorded, sayingOf } from '../policy/recorded.ts';
import { checkFile, configFile } from './checked.ts';
import { loadPolicies } from './native.ts';
import { configOption, type OutputOptions, outputOption } from './options.ts';
import type { Terminal } from './terminal.ts';

interface TestOptions extends OutputOptions {
  readonly config?: string;
}

interface Result {
  readonly line: number;
  readonly name: string;
  /** Null where nothing was expected. */
  readonly passed: boolean | null;
  readonly differences: readonly string[];
  readonly said: Readonly<Record<string, unknown>>;
}

/** Failures beyond these are one mistake made everywhere. */
const INPUTS_MAX = 100_000;

const EXAMPLES = `
A line of the file is a JSON object: "input" is the document that the policy decides on, where what
is left out is empty; "expect" what the decision has to be; "name" how the line is called:
  {"name":"ann reads","input":{"consumer":{"name":"ann"}},"expect":{"allow":true}}

Examples:
  $ stoa-gateway policy test authz recorded.jsonl --config gateway.yaml
  $ stoa-gateway policy test authz recorded.jsonl --output json | jq 'select(.passed == false)'

The exit code is 0 when every decision is as expected, else 1.`;

export function policyCommand(terminal: Terminal, exit: (code: number) => void): Command {
  return new Command('policy').description('try policies').addCommand(
    new Command('test')
      .description('say what a policy decides on recorded inputs, and whether that was expected')
      .argument('<policy>', 'its name in the configuration')
      .argument('<inputs>', 'a file of JSON lines')
      .addOption(configOption())
      .addOption(outputOption())
      .addHelpText('after', EXAMPLES)
      .action(async (policy: string, inputs: string, options: TestOptions) => {
        exit(await test(policy, inputs, options, terminal));
      }),
  );
}

async function test(
  name: string,
  inputs: string,
  { config, output }: TestOptions,
  terminal: Terminal,
): Promise<number> {
  const checked = await checkFile(configFile(config));
  if (!checked.ok) {
    for (const problem of checked.problems) terminal.err(`${formatProblem(problem)}\n`);
    return 1;
  }
  const policies = await openOne(name, checked.model);
  try {
    const counts = { tried: 0, failed: 0 };
    for await (const result of resultsOf(name, inputs, policies)) {
      counts.tried += 1;
      if (result.passed === false) counts.failed += 1;
      terminal.out(output === 'json' ? `${JSON.stringify(result)}\n` : told(result, terminal));
    }
    if (output === 'text') terminal.out(`${counts.tried} inputs, ${counts.failed} failed\n`);
    return counts.failed === 0 ? 0 : 1;
  } finally {
    await policies.close();
  }
}

async function openOne(name: string, { policies }: Model): Promise<Policies> {
  const policy = Object.hasOwn(policies, name) ? policies[name] : undefined;
  if (policy === undefined) {
    const suggestion = didYouMean(name, Object.keys(policies));
    throw new GatewayError('usage', `the configuration has no policy "${name}"${suggestion}`);
  }
  const { openPolicies } = await loadPolicies();
  try {
    return await openPolicies({ policies: { [name]: policy } });
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new GatewayError('config_invalid', detail, { cause });
  }
}

/**
 * Throws with the line that is no recorded input.
 *
 * @yields one result for each line that is not empty
 */
async function* resultsOf(
  name: string,
  inputs: string,
  policies: Policies,
): AsyncGenerator<Result> {
  let line = 0;
  for await (const text of linesOf(inputs)) {
    line += 1;
    if (line > INPUTS_MAX) throw new GatewayError('usage', `more than ${INPUTS_MAX} lines`);
    if (text.trim() === '') continue;
    const recorded = recordedAt(text, line, inputs);
    const evaluation = await policies.evaluate(name, recorded.input);
    const differing = differences(evaluation, recorded.expect);
    const unexpected = evaluation.kind === 'failed' && recorded.expect === null;
    yield {
      line,
      name: recorded.name,
      passed: unexpected ? false : recorded.expect === null ? null : differing.length === 0,
      differences: differing,
      said: sayingOf(evaluation),
    };
  }
}

async function* linesOf(file: string): AsyncGenerator<string> {
  const stream = createReadStream(file, 'utf8');
  const lines = createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY });
  try {
    yield* lines;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new GatewayError('usage', `${file} cannot be read: ${reason}`, { cause });
  }
}

function recordedAt(text: string, line: number, file: string): ReturnType<typeof readRecorded> {
  try {
    return readRecorded(text, line);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new GatewayError('usage', `${file}:${line}: ${reason}`, { cause });
  }
}

function told({ name, passed, differences: differing, said }: Result, terminal: Terminal): string {
  const word = passed === false ? 'failed' : passed === true ? 'passed' : 'said';
  const colour = passed === false ? 'red' : passed === true ? 'green' : 'dim';
  const { allow, reason, failure, detail } = said;
  const decided = allow === true ? 'allow' : 'deny';
  const outcome = typeof failure === 'string' ? failure : decided;
  const why = detail ?? reason ?? null;
  const lines = differing.map((difference) => `    ${difference}\n`);
  const because = typeof why === 'string' ? ` (${why})` : '';
  return `${terminal.paint(colour, word)} ${name}: ${outcome}${because}\n${lines.join('')}`;
}
