/**
 * Keeps the addresses of named endpoints fresh, off the hot path.
 *
 * Requests never wait for DNS: the native pool reads the last addresses set here. A failed or
 * empty answer keeps the last good one and is tried again sooner than the regular refresh.
 * Endpoints that are IP literals are set once and never looked up.
 *
 * Bounds: one lookup in flight per name, 2 in flight in all (each occupies one of libuv's four
 * threads), 64 addresses per name. Times are milliseconds.
 *
 * @module
 */

import { lookup as systemLookup } from 'node:dns/promises';
import { isIP } from 'node:net';

/** One endpoint of an upstream, by position, and the host part of its URL. */
export interface NamedEndpoint {
  readonly upstream: string;
  readonly endpoint: number;
  readonly host: string;
  readonly refreshMs: number;
}

/** Addresses of a name. Rejects when there are none. */
export type Lookup = (host: string) => Promise<readonly string[]>;

/** Told on each transition only, so a name that stays away is one event and not thousands. */
export type ResolveEvent =
  | { readonly kind: 'resolved'; readonly host: string; readonly addresses: readonly string[] }
  | { readonly kind: 'failing'; readonly host: string; readonly message: string };

export interface ResolverOptions {
  readonly endpoints: readonly NamedEndpoint[];
  readonly setAddresses: (upstream: string, endpoint: number, addresses: string[]) => void;
  readonly onEvent: (event: ResolveEvent) => void;
  readonly lookup?: Lookup;
  /** In [0, 1); spreads the refreshes of several workers. */
  readonly random?: () => number;
}

const LOOKUPS_MAX = 2;
const ADDRESSES_MAX = 64;
const REFRESH_MIN_MS = 1000;
const RETRY_MIN_MS = 1000;

interface Name {
  readonly host: string;
  readonly endpoints: NamedEndpoint[];
  refreshMs: number;
  addresses: readonly string[];
  failures: number;
  timer: NodeJS.Timeout | undefined;
}

export class Resolver {
  readonly #names: readonly Name[];
  readonly #options: ResolverOptions;
  readonly #due: Name[] = [];
  #lookups = 0;
  #untried: number;
  #closed = false;
  #tried: () => void = () => {};

  constructor(options: ResolverOptions) {
    this.#options = options;
    this.#names = grouped(options.endpoints.filter(({ host }) => isIP(host) === 0));
    this.#untried = this.#names.length;
  }

  /**
   * Sets what is known without asking, then tries every name once. Resolves when all were tried
   * or after `patienceMs`, whichever is first; the lookups go on either way. Never rejects.
   */
  start(patienceMs: number): Promise<void> {
    for (const { upstream, endpoint, host } of this.#options.endpoints) {
      if (isIP(host) !== 0) this.#options.setAddresses(upstream, endpoint, [host]);
    }
    if (this.#names.length === 0) return Promise.resolve();

    return new Promise((resolve) => {
      const timer = setTimeout(resolve, patienceMs);
      this.#tried = (): void => {
        clearTimeout(timer);
        resolve();
      };
      this.#due.push(...this.#names);
      this.#next();
    });
  }

  close(): void {
    this.#closed = true;
    this.#due.length = 0;
    for (const name of this.#names) clearTimeout(name.timer);
  }

  #next(): void {
    while (this.#lookups < LOOKUPS_MAX) {
      const name = this.#due.shift();
      if (name === undefined) return;
      this.#lookups += 1;
      void this.#refresh(name);
    }
  }

  async #refresh(name: Name): Promise<void> {
    const first = name.failures === 0 && name.addresses.length === 0;
    const lookup = this.#options.lookup ?? lookupAll;
    try {
      this.#learn(name, ordered(await lookup(name.host)));
    } catch (error) {
      this.#fail(name, error instanceof Error ? error.message : String(error));
    }

    this.#lookups -= 1;
    if (first && --this.#untried === 0) this.#tried();
    if (this.#closed) return;
    name.timer = setTimeout(() => this.#wake(name), this.#delayMs(name)).unref();
    this.#next();
  }

  #wake(name: Name): void {
    this.#due.push(name);
    this.#next();
  }

  #learn(name: Name, addresses: readonly string[]): void {
    if (addresses.length === 0) {
      this.#fail(name, 'the answer holds no address');
      return;
    }
    const recovered = name.failures > 0;
    name.failures = 0;
    const changed = addresses.join() !== name.addresses.join();
    if (this.#closed || (!changed && !recovered)) return;

    name.addresses = addresses;
    if (changed) {
      for (const { upstream, endpoint } of name.endpoints) {
        this.#options.setAddresses(upstream, endpoint, [...addresses]);
      }
    }
    this.#options.onEvent({ kind: 'resolved', host: name.host, addresses });
  }

  #fail(name: Name, message: string): void {
    name.failures += 1;
    if (name.failures === 1 && !this.#closed) {
      this.#options.onEvent({ kind: 'failing', host: name.host, message });
    }
  }

  /** The regular refresh ±10 %, or an exponential back-off that never exceeds it. */
  #delayMs(name: Name): number {
    const retryMs = RETRY_MIN_MS * 2 ** Math.min(name.failures - 1, 16);
    const delayMs = name.failures > 0 ? Math.min(name.refreshMs, retryMs) : name.refreshMs;
    return delayMs * (0.9 + 0.2 * (this.#options.random ?? Math.random)());
  }
}

/** One entry per host, refreshed as often as its most impatient endpoint asks. */
function grouped(endpoints: readonly NamedEndpoint[]): Name[] {
  const names = new Map<string, Name>();
  for (const endpoint of endpoints) {
    const host = endpoint.host.toLowerCase();
    const refreshMs = Math.max(endpoint.refreshMs, REFRESH_MIN_MS);
    const known = names.get(host);
    if (known === undefined) {
      names.set(host, {
        host,
        endpoints: [endpoint],
        refreshMs,
        addresses: [],
        failures: 0,
        timer: undefined,
      });
    } else {
      known.endpoints.push(endpoint);
      known.refreshMs = Math.min(known.refreshMs, refreshMs);
    }
  }
  return [...names.values()];
}

/**
 * Distinct, IPv4 first, else by text: a name server that rotates its answer changes nothing, and a
 * dual-stack name whose backend listens on IPv4 alone connects at the first try.
 */
function ordered(addresses: readonly string[]): string[] {
  return [...new Set(addresses)]
    .toSorted((a, b) => isIP(a) - isIP(b) || (a < b ? -1 : 1))
    .slice(0, ADDRESSES_MAX);
}

async function lookupAll(host: string): Promise<string[]> {
  const found = await systemLookup(host, { all: true });
  return found.map(({ address }) => address);
}
