/**
 * Begins to share quotas, where the configuration says with whom.
 *
 * The client of Redis is loaded only then.
 *
 * @module
 */

import { quotaAcknowledge, quotaMode, quotaPending, quotaTotal } from '../native/addon.ts';
import type { Log } from '../telemetry/log.ts';
import type { RedisOptions } from './redis.ts';
import { QuotaSync } from './sync.ts';

/** Call it in the main process, once the native side counts. The caller starts and stops it. */
export async function shareQuotas(options: RedisOptions, log: Log): Promise<QuotaSync> {
  const { openRedis } = await import('./redis.ts');
  return new QuotaSync({
    ledger: {
      pending: quotaPending,
      acknowledge: quotaAcknowledge,
      total: quotaTotal,
      mode: quotaMode,
    },
    open: () => openRedis(options),
    options,
    log,
  });
}
