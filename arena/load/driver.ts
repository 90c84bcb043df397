/**
 * What a load generator is asked for and what it answers, whichever it is.
 *
 * The native one (arena/driver, a Rust program) reads a `LoadSpec` as JSON from its standard input
 * and prints a `LoadResult` as one JSON line; the portable one is autocannon.
 *
 * @module
 */

export interface RequestSpec {
  readonly method: string;
  /** Origin form, with its query. */
  readonly path: string;
  /** Without Host, Content-Length and Connection, which the driver writes. */
  readonly headers: Readonly<Record<string, string>>;
  /** Bytes of body that are sent; 0 for none. */
  readonly bodyBytes: number;
}

export interface LoadSpec {
  readonly host: string;
  readonly port: number;
  /** Sent in turn, over all connections; at least one. */
  readonly requests: readonly RequestSpec[];
  readonly connections: number;
  readonly mode: 'closed' | 'open';
  /** Requests a second, on average; open loop only. */
  readonly ratePerS?: number;
  /** How they are spread in time. */
  readonly arrivals?: 'poisson' | 'constant';
  readonly warmUpMs: number;
  readonly measureMs: number;
  /** Ends the measured part after so many requests, too. */
  readonly requestsMax?: number;
  /** A new connection for every request. */
  readonly churn?: boolean;
  /** Wait for one answer; one that takes longer is an error of kind `timeout`. */
  readonly timeoutMs: number;
  /** Anything else is unexpected, and counted under `errors.body` (length) or by its status. */
  readonly expect: { readonly status: number; readonly bodyBytes: number };
  /** Decides when requests are due. */
  readonly seed: number;
}

export interface LoadResult {
  /** Requests due (open) or sent (closed) in the measured part. */
  readonly requests: number;
  readonly answered: number;
  readonly elapsedMs: number;
  readonly statuses: Readonly<Record<string, number>>;
  /** connect, reset, timeout, body; only those that happened. */
  readonly errors: Readonly<Record<string, number>>;
  /** HdrHistogram V2 with DEFLATE, base64, microseconds, 3 significant digits; answered ones. */
  readonly latency: string;
  /** The same of how late each request was sent, counted from when it was due. */
  readonly lag: string | null;
  /** The driver's own user and system time in the measured part. */
  readonly cpuUs: number;
}

export interface Driver {
  readonly name: 'native' | 'autocannon';
  readonly version: string;
  /** Runs one load on the cores `cores` (as taskset names them). Rejects when it can't at all. */
  run(spec: LoadSpec, cores: string): Promise<LoadResult>;
}
