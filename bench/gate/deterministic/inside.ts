/**
 * What is loaded into a gateway's worker from outside (`NODE_OPTIONS=--import`), so that the product
 * itself knows nothing of being measured: counts calls into native code, and bytes of the heap.
 *
 * The first SIGUSR2 begins, the second ends and writes `COUNTS_FILE`, and so on in turn. Objects
 * that the collector frees meanwhile are counted by what it says before and after each time.
 *
 * @module
 */

import { renameSync, writeFileSync } from 'node:fs';
import { GCProfiler, getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Names the file that counts are written to; without it nothing is done. */
export const COUNTS_FILE = 'STOA_GATE_COUNTS_FILE';

export interface InsideCounts {
  /** Calls of the data plane into native code, by name. */
  readonly crossings: Readonly<Record<string, number>>;
  /** Calls of native code into JavaScript. */
  readonly upcalls: number;
  readonly heapAllocatedBytes: number;
  /** What of it is still there after a full collection. */
  readonly heapRetainedBytes: number;
}

type Callable = (...args: unknown[]) => unknown;

const crossings = new Map<string, number>();
let upcalls = 0;

function counted(name: string, call: Callable): Callable {
  return (...args) => {
    crossings.set(name, (crossings.get(name) ?? 0) + 1);
    return call(...args);
  };
}

/** The worker's bindings with every function counted, and the callback it hands in. */
function countedOpening(open: Callable): Callable {
  return (...args) => {
    const handedIn = args.map((arg) => {
      if (typeof arg !== 'function') return arg;
      return (...given: unknown[]): unknown => {
        upcalls += 1;
        return (arg as Callable)(...given);
      };
    });
    const bindings = open(...handedIn) as Readonly<Record<string, unknown>>;
    const entries = Object.entries(bindings).map(([name, value]) => [
      name,
      typeof value === 'function' ? counted(name, value as Callable) : value,
    ]);
    return Object.fromEntries(entries) as unknown;
  };
}

interface NativeModule {
  exports: Record<string, unknown>;
}

function watchAddon(): void {
  const load = process.dlopen.bind(process);
  process.dlopen = (module: NativeModule, ...rest: [string, number?]) => {
    load(module, ...(rest as [string, number]));
    const { openWorker } = module.exports;
    if (typeof openWorker !== 'function') return;
    module.exports = { ...module.exports, openWorker: countedOpening(openWorker as Callable) };
  };
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

const usedBytes = (): number => getHeapStatistics().used_heap_size;

/** Begins to count; what is returned ends it. */
function begin(): () => InsideCounts {
  collectGarbage();
  crossings.clear();
  upcalls = 0;
  const profiler = new GCProfiler();
  const usedAtFirst = usedBytes();
  profiler.start();
  return () => {
    const usedAtLast = usedBytes();
    let allocated = 0;
    let usedBefore = usedAtFirst;
    for (const { beforeGC, afterGC } of profiler.stop()?.statistics ?? []) {
      allocated += beforeGC.heapStatistics.usedHeapSize - usedBefore;
      usedBefore = afterGC.heapStatistics.usedHeapSize;
    }
    const counts = { crossings: Object.fromEntries(crossings), upcalls };
    collectGarbage();
    return {
      ...counts,
      heapAllocatedBytes: allocated + usedAtLast - usedBefore,
      heapRetainedBytes: usedBytes() - usedAtFirst,
    };
  };
}

const file = process.env[COUNTS_FILE];
// Only a worker has a parent to talk to; the main process serves nothing.
if (file !== undefined && process.send !== undefined) {
  watchAddon();
  let end: (() => InsideCounts) | null = null;
  process.on('SIGUSR2', () => {
    if (end === null) {
      end = begin();
      writeFileSync(`${file}.begun`, '');
      return;
    }
    writeFileSync(`${file}.new`, JSON.stringify(end()));
    renameSync(`${file}.new`, file);
    end = null;
  });
}
