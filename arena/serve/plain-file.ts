/**
 * Opens files that are shown: plain ones in folders that are no links, and of a bounded size.
 *
 * @module
 */

import { constants } from 'node:fs';
import { type FileHandle, lstat, open } from 'node:fs/promises';
import { dirname } from 'node:path';

import { PageProblem } from './problem.ts';

export interface PlainFile {
  readonly handle: FileHandle;
  readonly bytes: number;
  /** Weak: the same for the file with and without compression. Source: RFC 9110 §8.8.3. */
  readonly etag: string;
}

/** The file, to be closed by the caller; null when there is none. Rejects when it is too large. */
export async function openPlain(file: string, maxBytes: number): Promise<PlainFile | null> {
  let handle: FileHandle;
  try {
    if (!(await lstat(dirname(file))).isDirectory()) return null;
    // Not waiting for whoever would write into a named pipe.
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    handle = await open(file, flags);
  } catch (error) {
    if (isAbsence(error)) return null;
    throw error;
  }
  try {
    const { size, mtimeNs, ino } = await handle.stat({ bigint: true });
    const plain = (await handle.stat()).isFile();
    if (!plain) {
      await handle.close();
      return null;
    }
    if (size > BigInt(maxBytes)) {
      throw new PageProblem(
        'file_too_large',
        `it has ${size} bytes, at most ${maxBytes} are shown`,
      );
    }
    const etag = `W/"${ino.toString(36)}-${size.toString(36)}-${mtimeNs.toString(36)}"`;
    return { handle, bytes: Number(size), etag };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

function isAbsence(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : '';
  return code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP';
}
