/**
 * Private addresses this workspace consented to, with who and when. Kept in the data folder, never in a graph. Asked at
 * every connect, so it answers from memory.
 */
import * as z from 'zod';
import type { Store } from '../store/port.ts';

const entrySchema = z.object({ host: z.string(), port: z.int(), by: z.string(), at: z.int() });
type AllowedHost = z.output<typeof entrySchema>;

export interface AllowedHosts {
  isAllowed(host: string, port: number): boolean;
  allow(entry: AllowedHost): Promise<void>;
}

const SETTING = 'allowHosts';

export async function loadAllowedHosts(store: Store): Promise<AllowedHosts> {
  const stored = z.array(entrySchema).safeParse(await store.setting(SETTING));
  let entries = stored.success ? stored.data : [];
  const isAllowed = (host: string, port: number): boolean =>
    entries.some((entry) => entry.host === host.toLowerCase() && entry.port === port);
  return {
    isAllowed,
    allow: async (entry) => {
      if (isAllowed(entry.host, entry.port)) return;
      const next = [...entries, { ...entry, host: entry.host.toLowerCase() }];
      await store.saveSetting(SETTING, next);
      entries = next;
    },
  };
}
