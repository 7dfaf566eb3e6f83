// Reads the table of contents of an asar archive: four little-endian numbers, then JSON.
import { closeSync, openSync, readSync } from 'node:fs';

type Entry = { files?: Record<string, Entry>; unpacked?: boolean };
export type AsarFile = { path: string; isUnpacked: boolean };

const PREFIX_BYTES = 16;

export function listAsar(file: string): AsarFile[] {
  const handle = openSync(file, 'r');
  try {
    const prefix = Buffer.alloc(PREFIX_BYTES);
    readSync(handle, prefix, 0, PREFIX_BYTES, 0);
    const json = Buffer.alloc(prefix.readUInt32LE(12));
    readSync(handle, json, 0, json.length, PREFIX_BYTES);
    const found: AsarFile[] = [];
    const walk = (entry: Entry, at: string): void => {
      if (!entry.files) found.push({ path: at, isUnpacked: entry.unpacked === true });
      for (const [name, child] of Object.entries(entry.files ?? {})) walk(child, at ? `${at}/${name}` : name);
    };
    walk(JSON.parse(json.toString('utf8')) as Entry, '');
    return found;
  } finally {
    closeSync(handle);
  }
}
