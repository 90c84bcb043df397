/**
 * A real Keycloak for a test, from where `scripts/keycloak.sh` puts it, with a realm of the test's own.
 *
 * Each has a folder for its database beside the installed files, which it only reads.
 * Bounds: 512 MiB of heap, `START_MAX_MS` until it answers.
 *
 * @module
 */

import { type ChildProcess, spawn } from 'node:child_process';
import {
  closeSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { freePort } from '../../arena/host/ports.ts';
import { signal } from '../../arena/host/processes.ts';
import { until } from '../../arena/host/wait.ts';
import { PROJECT } from './gateway.ts';

const INSTALLED = process.env['STOA_TEST_KEYCLOAK'] ?? join(PROJECT, '.build/keycloak');
const START_MAX_MS = 180_000;
const ADMIN = 'admin';

/** Why there is no Keycloak here and how to get one; null when there is one, or has to be (CI=true). */
export function keycloakMissing(): string | null {
  if (existsSync(join(INSTALLED, '.installed')) || process.env['CI'] === 'true') return null;
  return `no Keycloak in ${INSTALLED}; get it: scripts/keycloak.sh`;
}

/** What a client asks for: by its own name, or with a user's name, which is the password here, too. */
export interface TokenRequest {
  readonly client: string;
  readonly user?: string;
  readonly scope?: string;
}

export interface Tokens {
  readonly access_token: string;
  readonly refresh_token?: string;
}

export class Keycloak {
  readonly url: string;
  readonly realm: string;
  readonly #home: string;
  readonly #arguments: readonly string[];
  #child: ChildProcess | undefined;

  private constructor(port: number, managementPort: number, realm: string) {
    this.url = `http://127.0.0.1:${port}`;
    this.realm = realm;
    this.#home = mkdtempSync(join(tmpdir(), 'stoa-keycloak-'));
    this.#arguments = [
      'start',
      '--optimized',
      '--http-enabled=true',
      '--http-host=127.0.0.1',
      `--http-port=${port}`,
      `--http-management-port=${managementPort}`,
      '--hostname-strict=false',
      '--cache=local',
      '--import-realm',
    ];
    process.once('exit', () => this.#signal('SIGKILL'));
  }

  /** With this realm, as an export of one has it. Resolves when it gives tokens. */
  static async start(realm: { readonly realm: string }): Promise<Keycloak> {
    const keycloak = new Keycloak(await freePort(), await freePort(), realm.realm);
    const home = keycloak.#home;
    cpSync(join(INSTALLED, 'bin'), join(home, 'bin'), { recursive: true });
    for (const name of ['lib', 'conf', 'providers', 'themes']) {
      symlinkSync(join(INSTALLED, name), join(home, name));
    }
    mkdirSync(join(home, 'data/import'), { recursive: true });
    writeFileSync(join(home, 'data/import/realm.json'), JSON.stringify(realm));
    try {
      await keycloak.run();
      return keycloak;
    } catch (error) {
      await keycloak.stop();
      throw error;
    }
  }

  get issuer(): string {
    return `${this.url}/realms/${this.realm}`;
  }

  /** Starts it, again after `end`, with what it knew. */
  async run(): Promise<void> {
    const log = join(this.#home, 'keycloak.log');
    const output = openSync(log, 'a');
    const child = spawn('bash', [join(this.#home, 'bin/kc.sh'), ...this.#arguments], {
      stdio: ['ignore', output, output],
      // Java is a child of the script: both are signalled as a group.
      detached: true,
      env: {
        ...process.env,
        JAVA_OPTS_KC_HEAP: '-Xms128m -Xmx512m',
        JAVA_OPTS_APPEND: '-XX:TieredStopAtLevel=1',
        KC_BOOTSTRAP_ADMIN_USERNAME: ADMIN,
        KC_BOOTSTRAP_ADMIN_PASSWORD: ADMIN,
      },
    });
    closeSync(output);
    this.#child = child;
    await until(
      'Keycloak answers',
      () => {
        if (child.exitCode !== null)
          throw new Error(`Keycloak ended:\n${readFileSync(log, 'utf8')}`);
        return this.#isThere();
      },
      START_MAX_MS,
    );
  }

  /** Ends it as a service is ended; what it knew stays. */
  async end(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    if (child.exitCode === null && child.signalCode === null) {
      this.#signal('SIGTERM');
      await gone;
    }
    this.#signal('SIGKILL');
    this.#child = undefined;
  }

  async stop(): Promise<void> {
    await this.end();
    rmSync(this.#home, { recursive: true, force: true });
  }

  /** Throws, with Keycloak's word, when it gives none. The secret of `client` is `client-secret`. */
  async tokens({ client, user, scope = '' }: TokenRequest): Promise<Tokens> {
    const grant: Record<string, string> =
      user === undefined
        ? { grant_type: 'client_credentials' }
        : { grant_type: 'password', username: user, password: user };
    const answer = await this.asClient(client, 'token', { ...grant, scope });
    return (await answer.json()) as Tokens;
  }

  async token(request: TokenRequest): Promise<string> {
    return (await this.tokens(request)).access_token;
  }

  /** Posts a form to an endpoint of the realm. Throws when it is refused. */
  async asClient(
    client: string,
    endpoint: string,
    form: Readonly<Record<string, string>>,
  ): Promise<Response> {
    const credentials = Buffer.from(`${client}:${client}-secret`).toString('base64');
    return accepted(
      await fetch(`${this.issuer}/protocol/openid-connect/${endpoint}`, {
        method: 'POST',
        headers: { authorization: `Basic ${credentials}` },
        body: new URLSearchParams(form),
      }),
    );
  }

  /** The key set that it publishes. */
  async keys(): Promise<readonly Readonly<Record<string, unknown>>[]> {
    const answer = await accepted(await fetch(`${this.issuer}/protocol/openid-connect/certs`));
    const { keys } = (await answer.json()) as { keys: Record<string, unknown>[] };
    return keys;
  }

  /** Asks the admin API about something of the realm. Throws when it is refused. */
  async admin(method: string, path: string, body?: unknown): Promise<Response> {
    const form = {
      grant_type: 'password',
      client_id: 'admin-cli',
      username: ADMIN,
      password: ADMIN,
    };
    const asked = await fetch(`${this.url}/realms/master/protocol/openid-connect/token`, {
      method: 'POST',
      body: new URLSearchParams(form),
    });
    const { access_token: token } = (await (await accepted(asked)).json()) as Tokens;
    return accepted(
      await fetch(`${this.url}/admin/realms/${this.realm}/${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    );
  }

  async #isThere(): Promise<boolean> {
    try {
      return (await fetch(`${this.issuer}/.well-known/openid-configuration`)).ok;
    } catch {
      return false;
    }
  }

  #signal(name: NodeJS.Signals): void {
    const pid = this.#child?.pid;
    if (pid !== undefined) signal(-pid, name);
  }
}

async function accepted(answer: Response): Promise<Response> {
  if (answer.ok) return answer;
  throw new Error(`${answer.url}: ${answer.status} ${await answer.text()}`);
}
