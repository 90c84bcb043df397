/**
 * How busy this process is, while it is the client itself.
 *
 * @module
 */

/** Starts watching; what is returned gives the share of one core used since. */
export function ownCpu(): () => number {
  const before = process.cpuUsage();
  const begin = performance.now();
  return () => {
    const { user, system } = process.cpuUsage(before);
    return (user + system) / ((performance.now() - begin) * 1000);
  };
}
