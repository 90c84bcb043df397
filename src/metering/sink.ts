/**
 * Who is given the events of usage.
 *
 * @module
 */

import type { SpooledEvent } from './source.ts';

export interface Sink {
  /**
   * Resolves when every event is safe with the receiver; rejects when that is not known, and then the same events
   * are sent again. One call at a time.
   */
  send(events: readonly SpooledEvent[]): Promise<void>;
  close(): Promise<void>;
}
