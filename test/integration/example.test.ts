/**
 * examples/keycloak-opa-kafka does what its README says: it is started, the README's commands are run, one after the other,
 * and answer as is written there; Ctrl-C stops everything.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

import { freePort } from '../../arena/host/ports.ts';
import { signal } from '../../arena/host/processes.ts';
import { until } from '../../arena/host/wait.ts';
import { PROJECT } from '../support/gateway.ts';
import { kafkaMissing } from '../support/kafka.ts';
import { keycloakMissing } from '../support/keycloak.ts';
import { opaMissing } from '../support/opa.ts';

const FOLDER = join(PROJECT, 'examples/keycloak-opa-kafka');
const START_MAX_MS = 300_000;
const STOP_MAX_MS = 60_000;
/** Between the outputs of two blocks. */
const MARK = '-- end of block --';

/** The ports that the README has, and the variables that say others. */
const PORTS = {
  GATEWAY_PORT: 8080,
  ADMIN_PORT: 9901,
  KEYCLOAK_PORT: 8180,
  OPA_PORT: 8181,
  KAFKA_PORT: 9092,
  BACKEND_PORT: 9000,
  KEYCLOAK_MANAGEMENT_PORT: 9990,
  KAFKA_CONTROLLER_PORT: 9093,
};

interface Step {
  readonly commands: string;
  /** Lines that it says; none where the README shows none. */
  readonly says: readonly string[];
}

/** The README's shell blocks, each with the output that is shown behind it. */
function stepsOf(readme: string): Step[] {
  const steps: Step[] = [];
  for (const [, kind, text = ''] of readme.matchAll(/^```(sh|text)\n([\s\S]*?)^```$/gm)) {
    const last = steps.at(-1);
    if (kind === 'sh') steps.push({ commands: text, says: [] });
    else if (last !== undefined) steps.splice(-1, 1, { ...last, says: text.trimEnd().split('\n') });
  }
  return steps;
}

const skip = keycloakMissing() ?? kafkaMissing() ?? opaMissing;

describe('examples/keycloak-opa-kafka', { skip }, () => {
  const ports = new Map<string, number>();
  const output: string[] = [];
  let example: ChildProcess;
  before(async () => {
    for (const name of Object.keys(PORTS)) ports.set(name, await freePort());
    const env = Object.fromEntries([...ports].map(([name, port]) => [name, String(port)]));
    example = spawn(join(FOLDER, 'run'), {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NODE_TEST_CONTEXT: undefined, ...env },
    });
    for (const stream of [example.stdout, example.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => output.push(text));
    }
    await until(
      'all is there',
      () => {
        assert.equal(example.exitCode, null, output.join(''));
        return output.join('').includes('All is there');
      },
      START_MAX_MS,
    );
  });
  // Asked to stop, it stops what it has started; killed, it could not.
  after(() => signal(example.pid ?? 0, 'SIGTERM'));

  /** With the ports of this test in place of the README's. */
  function here(text: string): string {
    const byNumber = new Map(Object.entries(PORTS).map(([name, port]) => [port, ports.get(name)]));
    return text.replaceAll(
      /127\.0\.0\.1:(\d+)/g,
      (_, port: string) => `127.0.0.1:${byNumber.get(Number(port)) ?? port}`,
    );
  }

  it('does what its README says', () => {
    const steps = stepsOf(readFileSync(join(FOLDER, 'README.md'), 'utf8'));
    assert.ok(steps.length >= 7, 'the README has steps');
    const script = steps.map(({ commands }) => `${here(commands)}\necho '${MARK}'\n`).join('');
    const ran = spawnSync('bash', ['-c', script], { cwd: PROJECT, encoding: 'utf8' });
    assert.equal(ran.status, 0, ran.stderr);
    const said = ran.stdout.split(`${MARK}\n`);
    const found = steps.map(({ says }, at) =>
      (said[at] ?? '').split('\n').filter((line) => says.includes(line)),
    );
    const promised = steps.map(({ says }) => says);
    assert.deepEqual(found, promised, `${ran.stdout}\n${ran.stderr}`);
  });

  it('stops everything when it is told to', async () => {
    const ended = once(example, 'exit');
    signal(example.pid ?? 0, 'SIGINT');
    const [code] = await Promise.race([
      ended,
      new Promise<never>((_, reject) => {
        setTimeout(() => reject(new Error(output.join(''))), STOP_MAX_MS).unref();
      }),
    ]);
    assert.equal(code, 0, output.join(''));
    for (const [name, port] of ports) {
      const listening = spawnSync('bash', ['-c', `exec 3<>/dev/tcp/127.0.0.1/${port}`]);
      assert.notEqual(listening.status, 0, `${name} is still served`);
    }
  });
});
