/**
 * A target that runs already, started by somebody else: only its answers can be seen, not what they
 * cost it. Also the upstream itself, without any gateway.
 *
 * @module
 */

import type { Manifest } from './manifest.ts';
import { capabilitiesOf, type Description } from './prepared.ts';
import { whenReady } from './readiness.ts';
import type { RunningTarget, StartPlan, Target } from './target.ts';

type Url = NonNullable<Manifest['url']>;

export function urlTarget(description: Description, url: Url): Target {
  const { name, manifest } = description;
  return {
    name,
    title: manifest.title,
    adapter: 'url',
    capabilities: capabilitiesOf(manifest),
    examine: async () => {
      if (url === 'upstream') return { status: 'ready', version: 'no gateway' };
      const address = addressIn(url.variable);
      if ('why' in address) return { status: 'unavailable', why: address.why };
      const isUp = await answers(description, address);
      if (!isUp) return { status: 'unavailable', why: `nothing answers at ${address.text}` };
      return { status: 'ready', version: `unknown, at ${address.text}` };
    },
    start: (plan) => attach(description, url, plan),
  };
}

interface Address {
  readonly host: string;
  readonly port: number;
  readonly text: string;
}

/** Only plain HTTP without a path: every target is sent the same bytes. */
function addressIn(variable: string): Address | { readonly why: string } {
  const text = process.env[variable] ?? '';
  const hint = `set ${variable} to where it runs, such as http://127.0.0.1:8080`;
  if (text === '') return { why: `not running as far as is known: ${hint}` };
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.protocol !== 'http:' || url.pathname !== '/') {
    return { why: `${variable} is no plain http://HOST:PORT: ${hint}` };
  }
  return { host: url.hostname, port: Number(url.port || 80), text: url.origin };
}

async function answers({ name, manifest }: Description, address: Address): Promise<boolean> {
  const at = { ...address, path: manifest.ready.path, timeoutMs: manifest.ready.timeoutMs };
  return whenReady(name, at, { alive: () => true, output: () => '' }).then(
    () => true,
    () => false,
  );
}

async function attach(description: Description, url: Url, plan: StartPlan): Promise<RunningTarget> {
  const { name } = description;
  const upstream = { ...plan.upstream, text: 'the upstream' };
  const address = url === 'upstream' ? upstream : addressIn(url.variable);
  if ('why' in address) throw new Error(`${name}: ${address.why}`);
  if (!(await answers(description, address))) {
    throw new Error(`${name}: nothing answers at ${address.text}`);
  }
  return {
    host: address.host,
    port: address.port,
    configs: [],
    pid: null,
    alive: () => true,
    output: () => '',
    reload: null,
    stop: async () => {},
  };
}
