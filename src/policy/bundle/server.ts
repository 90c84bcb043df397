/**
 * An engine whose bundle comes from an HTTP server, and is asked for again and again.
 *
 * The last good bundle is kept: one that can't be had, read, verified or loaded changes nothing.
 * Until there is a first one every evaluation fails. A new one takes over between two evaluations;
 * those that the old one has are finished by it. Bounds: the server's time and size, one download
 * at a time, a pause of `pollMs` and up to a fifth more; after failures 1 s, doubling to `pollMs`.
 * Source: openpolicyagent.org/docs/management-bundles, RFC 9110 §13.1.2.
 *
 * @module
 */

import { type Engine, failed, messageOf } from '../engine.ts';
import { openPeer } from '../http.ts';
import { readArchive } from './archive.ts';
import { type Bundle, compileBundle } from './bundle.ts';
import { type Verification, verifyBundle } from './signatures.ts';

export interface BundleServer {
  readonly url: string;
  readonly pollMs: number;
  readonly timeoutMs: number;
  readonly bodyMaxBytes: number;
  readonly verification: Verification | null;
  /** Whether bundles are to be metered. */
  readonly toMeter?: boolean;
}

/** What became of a question for a bundle. */
export type BundleEvent =
  | { readonly kind: 'loaded'; readonly revision: string }
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'failed'; readonly detail: string };

const UNPACKED_FACTOR = 8;
const RETRY_MIN_MS = 1000;
const JITTER = 0.2;

/**
 * Resolves after the first question, whatever became of it. `open` makes an engine of a bundle, and
 * rejects when it can't be loaded; `report` is told of every question.
 */
export async function openBundleServer(
  server: BundleServer,
  open: (bundle: Bundle) => Promise<Engine>,
  report: (event: BundleEvent) => void,
): Promise<Engine> {
  const polled = new PolledEngine(server, open, report);
  await polled.start();
  return polled;
}

class PolledEngine implements Engine {
  readonly #server: BundleServer;
  readonly #open: (bundle: Bundle) => Promise<Engine>;
  readonly #report: (event: BundleEvent) => void;
  readonly #peer = openPeer(1);
  #engine: Engine | null = null;
  #etag: string | null = null;
  #failures = 0;
  #closed = false;
  #timer: NodeJS.Timeout | undefined;
  /** The question that is under way, and engines that finish what they have. */
  #polling: Promise<void> = Promise.resolve();
  readonly #retiring = new Set<Promise<void>>();

  constructor(
    server: BundleServer,
    open: (bundle: Bundle) => Promise<Engine>,
    report: (event: BundleEvent) => void,
  ) {
    this.#server = server;
    this.#open = open;
    this.#report = report;
  }

  start(): Promise<void> {
    this.#polling = this.#poll();
    return this.#polling;
  }

  async ask(input: string): ReturnType<Engine['ask']> {
    return this.#engine?.ask(input) ?? failed('unavailable', 'no bundle could be loaded yet');
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#polling;
    this.#peer.close();
    await Promise.all([...this.#retiring, this.#engine?.close()]);
  }

  async #poll(): Promise<void> {
    let event: BundleEvent;
    try {
      event = await this.#update();
      this.#failures = 0;
    } catch (error) {
      this.#failures += 1;
      event = { kind: 'failed', detail: messageOf(error) };
    }
    this.#report(event);
    if (this.#closed) return;
    this.#timer = setTimeout(() => void this.start(), this.#pauseMs()).unref();
  }

  #pauseMs(): number {
    const { pollMs } = this.#server;
    if (this.#failures === 0) return pollMs * (1 + JITTER * Math.random());
    const backedOff = RETRY_MIN_MS * 2 ** Math.min(this.#failures - 1, 20);
    return Math.min(pollMs, backedOff) * (1 + JITTER * Math.random());
  }

  async #update(): Promise<BundleEvent> {
    const { url, timeoutMs, bodyMaxBytes, verification, toMeter } = this.#server;
    const { status, headers, body } = await this.#peer.exchange({
      method: 'GET',
      url: new URL(url),
      headers: this.#etag === null ? {} : { 'if-none-match': this.#etag },
      body: null,
      timeoutMs,
      responseMaxBytes: bodyMaxBytes,
    });
    if (status === 304 && this.#engine !== null) return { kind: 'unchanged' };
    if (status !== 200) throw new Error(`the bundle server answered ${status}`);
    const files = await readArchive(body, bodyMaxBytes * UNPACKED_FACTOR);
    if (verification !== null) await verifyBundle(files, verification);
    const bundle = await compileBundle(files, toMeter);
    this.#replace(await this.#open(bundle));
    this.#etag = headers.etag ?? null;
    return { kind: 'loaded', revision: bundle.revision };
  }

  #replace(engine: Engine): void {
    const retired = this.#engine?.close();
    this.#engine = engine;
    if (retired === undefined) return;
    this.#retiring.add(retired);
    void retired.finally(() => this.#retiring.delete(retired));
  }
}
