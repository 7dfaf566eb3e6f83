/**
 * The oracle of the crash tests: a process of its own, never killed, with an fsynced append-only ledger of what was
 * really done to it. `/keyed` honours Idempotency-Key (409 while the first is in flight, 422 for another payload, the
 * stored answer replayed), `/unkeyed` does not, `/asked` does not either but says to a GET whether it was done, `/read`
 * changes nothing.
 *
 * How a call behaves is asked for with `?do=`: `ok`, `slow` (does the work, answers after 60 ms); and, the first time only,
 * `drop_after` (does the work and closes the connection without an answer), `drop_before` (closes before doing), `503` and
 * `429` (refuse, do nothing), `fail_after` (does the work and says 500), `garbage` and `half` (do the work, and the answer
 * does not parse or breaks off), `hang_after` and `hang_before` (never answer, with the work done or not).
 */
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Deed {
  at: number;
  target: 'keyed' | 'asked' | 'unkeyed';
  path: string;
  key?: string;
  payload: string;
}

interface Stored {
  payload: string;
  answer?: string;
}

const [file] = process.argv.slice(2);
if (file === undefined) throw new Error('world.ts needs the path of its ledger');
const ledger = openSync(file, 'a', 0o600);
const deeds: Deed[] = [];
const byKey = new Map<string, Stored>();
const misbehaved = new Set<string>();

function doTheWork(deed: Deed): string {
  deeds.push(deed);
  writeSync(ledger, `${JSON.stringify(deed)}\n`);
  fsyncSync(ledger);
  return idOf(deeds.length);
}

function idOf(place: number): string {
  return JSON.stringify({ id: `deed_${place}`, path: deeds[place - 1]?.path });
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://world');
  const send = (status: number, body: string): void => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(body);
  };
  if (url.pathname === '/deeds') return send(200, JSON.stringify(deeds));
  const asked = url.pathname.startsWith('/asked') && request.method === 'GET';
  if (asked) {
    const deed = deeds.findIndex(({ path }) => path === url.pathname);
    return deed < 0
      ? send(404, '{"error":{"code":"not_found","message":"Nothing was done"}}')
      : send(200, idOf(deed + 1));
  }
  if (url.pathname.startsWith('/read')) return send(200, JSON.stringify({ value: url.pathname, deeds: deeds.length }));
  const target = (['keyed', 'asked'] as const).find((one) => url.pathname.startsWith(`/${one}`)) ?? 'unkeyed';
  const behaviour = url.searchParams.get('do') ?? 'ok';
  const isFirst = !misbehaved.has(request.url ?? '');
  misbehaved.add(request.url ?? '');
  let payload = '';
  for await (const chunk of request) payload += String(chunk);
  if (isFirst && behaviour === 'drop_before') return void response.destroy();
  if (isFirst && behaviour === 'hang_before') return;
  if (isFirst && behaviour === '429') {
    response.setHeader('retry-after', '0');
    return send(429, '{"error":{"code":"slow_down","message":"Too many"}}');
  }
  if (isFirst && behaviour === '503') return send(503, '{"error":{"code":"unavailable","message":"Not now"}}');
  const key = request.headers['idempotency-key']?.toString();
  const known = target === 'keyed' && key !== undefined ? byKey.get(key) : undefined;
  if (known && known.payload !== payload) return send(422, '{"error":{"code":"key_reused","message":"Other payload"}}');
  if (known && known.answer === undefined) return send(409, '{"error":{"code":"in_flight","message":"Still at it"}}');
  if (known?.answer !== undefined) return send(200, known.answer);
  const stored: Stored = { payload };
  if (target === 'keyed' && key !== undefined) byKey.set(key, stored);
  const done = doTheWork({
    at: Date.now(),
    target,
    path: url.pathname,
    payload,
    ...(key === undefined ? {} : { key }),
  });
  if (behaviour === 'slow') await sleep(60);
  stored.answer = done;
  if (isFirst && behaviour === 'drop_after') return void response.destroy();
  if (isFirst && behaviour === 'hang_after') return;
  if (isFirst && behaviour === 'fail_after') return send(500, '{"error":{"code":"oops","message":"Something broke"}}');
  if (isFirst && behaviour === 'garbage') return send(200, done.slice(0, -4));
  if (isFirst && behaviour === 'half') {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': String(done.length) });
    response.write(done.slice(0, 5), () => response.destroy());
    return;
  }
  send(200, done);
}

const server = createServer((request, response) => {
  answer(request, response).catch(() => response.destroy());
});
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
});
process.on('disconnect', () => {
  server.close();
  closeSync(ledger);
  process.exit(0);
});
