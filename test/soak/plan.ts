/**
 * What one request of the mix-up test is to be, and what may come of it.
 *
 * @module
 */

/**
 * `whole` wants its whole answer; `reset-early` and `reset-late` are cut by the upstream before
 * and inside the response; `abort` is given up by the client.
 */
export type Fate = 'whole' | 'reset-early' | 'reset-late' | 'abort';

export interface Plan {
  readonly id: number;
  readonly fate: Fate;
  /** Bytes of the request's body; null is a GET. */
  readonly uploadBytes: number | null;
  readonly uploadChunked: boolean;
  readonly downloadBytes: number;
  readonly downloadChunked: boolean;
  readonly delayMs: number;
  readonly abortAfterMs: number;
}

const MIB = 1_048_576;

/** Mostly small, seldom up to 1 MiB. */
function sizeOf(random: () => number): number {
  const kind = random();
  const share = random();
  if (kind < 0.05) return 0;
  if (kind < 0.6) return Math.floor(share * 1024);
  if (kind < 0.85) return Math.floor(share * 16_384);
  if (kind < 0.95) return Math.floor(share * 65_536);
  if (kind < 0.995) return Math.floor(share * 262_144);
  return MIB - Math.floor(share * 1024);
}

function fateOf(random: () => number): Fate {
  const kind = random();
  if (kind < 0.02) return 'abort';
  if (kind < 0.03) return 'reset-early';
  return kind < 0.04 ? 'reset-late' : 'whole';
}

export function planOf(id: number, random: () => number): Plan {
  const fate = fateOf(random);
  const downloadBytes = sizeOf(random);
  return {
    id,
    fate,
    uploadBytes: random() < 0.5 ? null : sizeOf(random),
    uploadChunked: random() < 0.2,
    downloadBytes: fate === 'reset-late' ? downloadBytes + 1000 : downloadBytes,
    downloadChunked: random() < 0.4,
    delayMs: random() < 0.1 ? Math.floor(random() * 30) : 0,
    abortAfterMs: Math.floor(random() * 20),
  };
}

export function targetOf({ id, fate, downloadBytes, downloadChunked, delayMs }: Plan): string {
  return `/mix/${id}?fate=${fate}&size=${downloadBytes}&chunked=${downloadChunked ? 1 : 0}&delay=${delayMs}`;
}
