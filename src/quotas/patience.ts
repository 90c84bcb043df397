/**
 * Waiting for a server no longer than agreed, and leaving it.
 *
 * @module
 */

/** What `work` resolves to; rejects with `no answer in … ms` when it takes longer. What comes later is dropped. */
export async function within<T>(waitMs: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer in ${waitMs} ms`)), waitMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Ends a connection in whatever state it is; one that is ended already is left alone. */
export function end(client: { destroy(): void }): void {
  try {
    client.destroy();
  } catch {
    // It says that it is closed, which is what was wanted.
  }
}
