/**
 * What a load generator is asked for and what it answers, whichever it is.
 *
 * The native one (arena/driver, a Rust program) reads each of the specs below as a JSON line from
 * its standard input and prints the result as one JSON line; the portable one is autocannon.
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
  readonly kind?: 'load';
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
  /**
   * Wait for one answer from when it was due (open) or sent (closed); one that takes longer is an
   * error of kind `timeout`, and its wait is in `latency`.
   */
  readonly timeoutMs: number;
  /** Anything else is unexpected, and counted under `errors.body` (length) or by its status. */
  readonly expect: { readonly status: number; readonly bodyBytes: number };
  /** Decides when requests are due. */
  readonly seed: number;
}

export interface LoadResult {
  /** Requests due (open) or sent (closed) in the measured part. */
  readonly requests: number;
  /** With whatever status, however late. */
  readonly answered: number;
  /** Of the measured part; to the last answer when `requestsMax` ended it. */
  readonly elapsedMs: number;
  readonly statuses: Readonly<Record<string, number>>;
  /**
   * Only those that happened. connect: no connection; reset: it was lost before the answer was
   * whole; timeout; body: of another length, or no HTTP; line: due while a million waited. Each is
   * of one request, but for `connect`: without churn it is of an attempt to connect. Nothing is
   * sent twice: a request that meets a connection which the target is just ending is a reset.
   */
  readonly errors: Readonly<Record<string, number>>;
  /**
   * HdrHistogram V2 with DEFLATE, base64, microseconds, 3 significant digits, 1 µs to 60 s: of
   * those answered, and of those given up at their timeout.
   */
  readonly latency: string;
  /**
   * The same of how late the generator itself noticed each request, counted from when it was due;
   * a wait for a free connection is not in it. Null in a closed loop.
   */
  readonly lag: string | null;
  /**
   * The driver's own user and system time in the measured part. Where it is the upstream, too (as
   * the native one on the upstream's cores), that share is in it.
   */
  readonly cpuUs: number;
}

/** Streams of events from the upstream's `…/sse`, all of them open beside each other. */
export interface SseSpec {
  readonly kind: 'sse';
  readonly host: string;
  readonly port: number;
  /** Without its query: the driver writes what it asks the upstream for. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly connections: number;
  /** Of each stream. */
  readonly events: number;
  readonly intervalMs: number;
  /** The streams begin evenly over this time, once all connections are established. */
  readonly spreadMs: number;
  /** Wait for what is missing after the last event was due. */
  readonly timeoutMs: number;
}

export interface SseResult {
  /** Streams that began with a 200. */
  readonly opened: number;
  /** Streams that ended in order with all their events. */
  readonly completed: number;
  /** Events that came, of all streams. */
  readonly events: number;
  readonly elapsedMs: number;
  readonly statuses: Readonly<Record<string, number>>;
  readonly errors: Readonly<Record<string, number>>;
  /** From sending the request to the first byte of the body; encoded as `LoadResult.latency`. */
  readonly firstByte: string;
  /** Of each event, from its sending by the upstream, on the same machine, to its arrival. */
  readonly delay: string;
  readonly cpuUs: number;
}

/** Messages that the upstream's `…/ws` sends back, in an open loop over all connections. */
export interface WebSocketSpec {
  readonly kind: 'websocket';
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly connections: number;
  /** Messages a second, on average, over all connections. */
  readonly ratePerS: number;
  readonly arrivals?: 'poisson' | 'constant';
  /** Of a message; at least 8. */
  readonly bytes: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
  /** Wait for the upgrades, and for what is missing after the last message. */
  readonly timeoutMs: number;
  readonly seed: number;
}

export interface WebSocketResult {
  /** Connections that were upgraded. */
  readonly opened: number;
  /** Due in the measured part. */
  readonly messages: number;
  readonly answered: number;
  readonly elapsedMs: number;
  readonly errors: Readonly<Record<string, number>>;
  /** From when a message was due to its return; encoded as `LoadResult.latency`. */
  readonly roundTrip: string;
  readonly lag: string;
  readonly cpuUs: number;
}

/** Clients that send the head of a request bit by bit and never end it. */
export interface SlowSpec {
  readonly kind: 'slow';
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly connections: number;
  /** Of each connection. */
  readonly bytesPerS: number;
  readonly durationMs: number;
}

export interface SlowResult {
  /** Connections that were established, those that replaced others with them. */
  readonly opened: number;
  /** Connections that stood at the end. */
  readonly held: number;
  /** Connections that the target ended. */
  readonly ended: number;
  readonly bytesSent: number;
  readonly elapsedMs: number;
  readonly errors: Readonly<Record<string, number>>;
  readonly cpuUs: number;
}

/** What goes on beside other loads, until it ends by itself or is stopped. */
export interface Background<Result> {
  readonly result: Promise<Result>;
  stop(): Promise<Result>;
}

/** What only the native driver can do. On the cores `cores`, as `Driver.run`. */
export interface Scenarios {
  sse(spec: SseSpec, cores: string): Promise<SseResult>;
  webSocket(spec: WebSocketSpec, cores: string): Promise<WebSocketResult>;
  /** Runs in a process of its own. */
  slow(spec: SlowSpec, cores: string): Background<SlowResult>;
}

export interface Driver {
  readonly name: 'native' | 'autocannon';
  readonly version: string;
  /** Runs one load on the cores `cores` (as taskset names them). Rejects when it can't at all. */
  run(spec: LoadSpec, cores: string): Promise<LoadResult>;
  /** Absent where it can't. */
  readonly scenarios?: Scenarios;
}

/** A driver, and the upstream behind every target. */
export interface LoadStage {
  readonly driver: Driver;
  readonly upstream: { readonly host: string; readonly port: number };
  /** Why it is this driver. */
  readonly why: string;
  /** Ends all their processes. */
  stop(): Promise<void>;
}
