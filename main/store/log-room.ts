/**
 * Room in the write-ahead log: a commit that makes the file longer also has to make its new length durable, one that
 * overwrites is cheaper by a third. So the file is filled with zeros ahead of the writer, up to the size at which the
 * log starts over; SQLite takes what follows the last commit for what it is, the rest of an older log.
 * Must never write where a commit may lie, and never fail a commit: without room the log just grows as it always did.
 */
import { closeSync, fstatSync, openSync, writeSync } from 'node:fs';

/** A short command never gets so far. */
const BEGIN_BYTES = 64 * 1024;
const FACTOR = 4;
/** A page in the log carries a header; the last commit before the log starts over may be a large one. */
const PAGE_BYTES = 4096 + 24;
const SPARE_PAGES = 100;

export interface LogRoom {
  /** After a commit, and only while no other can begin. */
  keepAhead(): void;
  close(): void;
}

/** `startOverPages`: as in `wal_autocheckpoint`. */
export function logRoomFor(file: string, startOverPages: number): LogRoom {
  const enough = (startOverPages + SPARE_PAGES) * PAGE_BYTES;
  let handle: number | undefined;
  /** The length we know of; SQLite has written past it when the file is longer. */
  let known = BEGIN_BYTES;
  let gaveUp = false;

  function giveUp(): void {
    gaveUp = true;
    if (handle !== undefined) closeSync(handle);
    handle = undefined;
  }

  return {
    keepAhead() {
      if (gaveUp) return;
      try {
        handle ??= openSync(`${file}-wal`, 'r+');
        const { size } = fstatSync(handle);
        if (size <= known || size >= enough) return;
        known = Math.min(size * FACTOR, enough);
        writeSync(handle, Buffer.alloc(known - size), 0, known - size, size);
      } catch {
        giveUp();
      }
    },
    close: giveUp,
  };
}
