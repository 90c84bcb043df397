/**
 * How far a run is, told on standard error: a live line on a terminal, else a line for each thing
 * that is begun, without control characters.
 *
 * @module
 */

/** Where progress is told. */
export interface ProgressSink {
  readonly write: (text: string) => void;
  /** Whether a line can be written over. */
  readonly live: boolean;
}

export interface Progress {
  /** What is being done now. */
  readonly now: (what: string) => void;
  /** Something that was estimated to take so many seconds is over. */
  readonly advance: (estimatedS: number) => void;
  /** Something worth keeping. */
  readonly note: (what: string) => void;
  /** Leaves the screen tidy. */
  readonly end: () => void;
}

/** Starts a new line and clears it. Source: ECMA-48, CUF and EL. */
const CLEAR_LINE = '\r\u001B[K';

export interface Clock {
  readonly nowMs: () => number;
}

/** `totalS` is how long all of it was estimated to take. */
export function makeProgress(
  { write, live }: ProgressSink,
  totalS: number,
  { nowMs }: Clock = { nowMs: () => performance.now() },
): Progress {
  const beganMs = nowMs();
  let doneS = 0;
  let current = '';
  const left = (): string => durationText(secondsLeft((nowMs() - beganMs) / 1000, doneS, totalS));
  const line = (): string => `${current} · ${left()} left`;
  const draw = (): void => {
    if (live) write(`${CLEAR_LINE}${line()}`);
  };
  return {
    now: (what) => {
      current = what;
      if (live) draw();
      else write(`${line()}\n`);
    },
    advance: (estimatedS) => {
      doneS += estimatedS;
      draw();
    },
    note: (what) => {
      write(`${live ? CLEAR_LINE : ''}${what}\n`);
      draw();
    },
    end: () => {
      if (live) write(CLEAR_LINE);
    },
  };
}

/** Share of the estimate that has to be over before the pace so far says more than the estimate. */
const PACE_FROM_SHARE = 0.05;

/** How long the rest takes, from the estimate and how true it has been. */
export function secondsLeft(elapsedS: number, doneS: number, totalS: number): number {
  const restS = Math.max(0, totalS - doneS);
  const pace = doneS > PACE_FROM_SHARE * totalS ? elapsedS / doneS : 1;
  return restS * pace;
}

/** `45 s`, `12 min`, `3 h 20 min`. */
export function durationText(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 120) return `${whole} s`;
  const minutes = Math.round(whole / 60);
  if (minutes < 120) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
