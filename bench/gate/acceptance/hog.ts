/**
 * A process that keeps a core busy, until it is stopped.
 *
 * @module
 */

import { type Service, start } from '../../../arena/adapters/processes.ts';
import { GATEWAY_CORE } from '../side.ts';

/** On the core that the gateways share. */
export function startHog(): Service {
  return start(GATEWAY_CORE, process.execPath, ['-e', 'for (;;);']);
}
