/**
 * What is revoked in this gateway: on the disk, then in every worker, then said to be done.
 *
 * A change that can't be kept is refused, and nothing is ever forgotten to make room. What expires by itself is let
 * go `EXPIRED_AFTER_MS` later, when no issuer's clock can be so far behind that it still counts.
 * Bounds: `revocations.max` things, and the file's length. Every change waits for the disk; the main process does nothing else meanwhile.
 *
 * @module
 */

import { Journal } from './journal.ts';
import { idOf, numberOf, requestFrom, type Revocation } from './revocation.ts';

/** The longest `clockSkewMs` that an issuer may have. */
const EXPIRED_AFTER_MS = 600_000;
const TEND_MS = 1000;
/** Lines of the file beyond those in force after which it is written anew. */
const LINES_SPARE_MAX = 4096;

/** The table that the workers look into; as `src/native/addon.ts` has it. */
export interface Table {
  revoke(kind: number, issuer: string, name: string): boolean;
  undoRevocation(kind: number, issuer: string, name: string): boolean;
}

export interface RevocationsOptions {
  readonly file: string;
  readonly max: number;
  /** Identifiers of issuers, by their names in the configuration. */
  readonly issuers: ReadonlyMap<string, string>;
  readonly table: Table;
  /** Longest file; what it is otherwise is `journal.ts`'s to say. */
  readonly fileMaxBytes?: number;
  readonly nowMs?: () => number;
  readonly onError: (error: unknown) => void;
}

export type RefusedChange = {
  readonly refused:
    | 'revocation_invalid'
    | 'revocation_not_found'
    | 'revocations_full'
    | 'revocations_elsewhere'
    | 'revocations_not_kept';
  readonly detail: string;
};

export type Changed = { readonly revocation: Revocation; readonly isNew: boolean };

export class Revocations {
  readonly #options: RevocationsOptions;
  readonly #journal: Journal;
  readonly #nowMs: () => number;
  #inForce = new Map<string, Revocation>();
  #timer: NodeJS.Timeout | undefined;
  #hasFailed = false;

  /** Reads the file and has the workers obey it. Throws when it can't be read, or holds more than `max`. */
  constructor(options: RevocationsOptions) {
    this.#options = options;
    this.#nowMs = options.nowMs ?? Date.now;
    this.#journal = new Journal(options.file, options.fileMaxBytes);
    if (this.#journal.exists) {
      this.#holdIfPossible();
      this.#obey();
    }
    this.#timer = setInterval(() => this.tend(), TEND_MS);
    this.#timer.unref();
  }

  list(): Revocation[] {
    return [...this.#inForce.values()].filter((revocation) => !this.#isOver(revocation));
  }

  /** When it returns without a refusal, no worker admits what is asked for, and no later start forgets it. */
  revoke(request: unknown): Changed | RefusedChange {
    const { issuers, max } = this.#options;
    const known = new Set(issuers.values());
    const asked = requestFrom(
      request,
      (name) => issuers.get(name) ?? (known.has(name) ? name : null),
    );
    if (typeof asked === 'string') return refused('revocation_invalid', asked);
    const { thing, expiresAt } = asked;
    return this.#change(() => {
      const id = idOf(thing);
      const earlier = this.#inForce.get(id);
      if (earlier !== undefined && isNoLater(expiresAt, earlier.expiresAt)) {
        return { revocation: earlier, isNew: false };
      }
      if (earlier === undefined && this.#inForce.size >= max) {
        const detail = `${max} things are revoked: undo some, or raise revocations.max`;
        return refused('revocations_full', detail);
      }
      const revokedAt = earlier?.revokedAt ?? new Date(this.#nowMs()).toISOString();
      const revocation = { id, ...thing, revokedAt, expiresAt };
      if (!this.#journal.append({ revoked: revocation }, this.#inForce)) {
        return refused('revocations_full', `${this.#journal.path} is as long as it may be`);
      }
      this.#enforce(revocation);
      return { revocation, isNew: earlier === undefined };
    });
  }

  undo(id: string): Changed | RefusedChange {
    return this.#change(() => {
      const revocation = this.#inForce.get(id);
      if (revocation === undefined) {
        return refused('revocation_not_found', 'nothing with this id is revoked');
      }
      this.#journal.append({ undone: id }, this.#inForce);
      this.#release(revocation);
      return { revocation, isNew: false };
    });
  }

  /** Lets go of what is over, and takes the file over from a gateway that has ended. Never throws. */
  tend(): void {
    try {
      if (!this.#journal.isHeld && this.#journal.exists && this.#holdIfPossible()) {
        this.#obeyOrRelease();
      }
      for (const revocation of this.#inForce.values()) {
        if (this.#isOver(revocation)) this.#release(revocation);
      }
      const spare = this.#journal.lines - this.#inForce.size;
      if (this.#journal.isHeld && spare > LINES_SPARE_MAX) {
        this.#journal.rewrite(this.#inForce.values());
      }
      this.#hasFailed = false;
    } catch (error) {
      // Once, not every second.
      if (!this.#hasFailed) this.#options.onError(error);
      this.#hasFailed = true;
    }
  }

  close(): void {
    clearInterval(this.#timer);
    this.#journal.release();
  }

  #change(work: () => Changed | RefusedChange): Changed | RefusedChange {
    try {
      if (!this.#journal.isHeld) {
        if (!this.#journal.hold()) {
          const detail = `another gateway keeps ${this.#journal.path}: ask that one, or give each a revocations.file of its own`;
          return refused('revocations_elsewhere', detail);
        }
        this.#obeyOrRelease();
      }
      return work();
    } catch (error) {
      this.#options.onError(error);
      const reason = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : '';
      const detail = `nothing was changed: ${this.#journal.path} can't be written${reason}`;
      return refused('revocations_not_kept', detail);
    }
  }

  /** Has the workers obey what the file says now, and nothing else. */
  #obey(): void {
    const wanted = this.#journal.read();
    for (const revocation of this.#inForce.values()) {
      if (!wanted.has(revocation.id)) this.#release(revocation);
    }
    for (const revocation of wanted.values()) {
      if (!this.#isOver(revocation)) this.#enforce(revocation);
    }
  }

  /** Whoever has the lock and does not know what the file says could write it away. */
  #obeyOrRelease(): void {
    try {
      this.#obey();
    } catch (error) {
      this.#journal.release();
      throw error;
    }
  }

  #enforce(revocation: Revocation): void {
    const { kind, issuer, name } = revocation;
    this.#options.table.revoke(numberOf(kind), issuer ?? '', name);
    this.#inForce.set(revocation.id, revocation);
  }

  #release({ id, kind, issuer, name }: Revocation): void {
    this.#options.table.undoRevocation(numberOf(kind), issuer ?? '', name);
    this.#inForce.delete(id);
  }

  #isOver({ expiresAt }: Revocation): boolean {
    return expiresAt !== null && Date.parse(expiresAt) + EXPIRED_AFTER_MS <= this.#nowMs();
  }

  #holdIfPossible(): boolean {
    try {
      return this.#journal.hold();
    } catch {
      // A folder that can't be written to: the list counts, and a change is refused with the reason.
      return false;
    }
  }
}

/** Whether what ends at `one` ends no later than what ends at `other`; null is never. */
function isNoLater(one: string | null, other: string | null): boolean {
  if (other === null) return true;
  return one !== null && Date.parse(one) <= Date.parse(other);
}

function refused(code: RefusedChange['refused'], detail: string): RefusedChange {
  return { refused: code, detail };
}
