// The Sandbox systems: a CRM, a payment service and a mail service on 127.0.0.1 that ship with the app and really answer
// HTTP, so that samples run offline and can be killed for real. Everything they did survives in their own ledger.
// The server must never acknowledge a change that is not on disk, nor answer a page from the web.

import { createServer } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import { createCrm } from './crm.ts';
import { createKeyMemory, digestCall, readKeyHeader } from './keys.ts';
import { openLedger } from './ledger.ts';
import type { SandboxLedger } from './ledger.ts';
import { createMail } from './mail.ts';
import { createPayments } from './payments.ts';
import { isTrustedCaller, readJsonBody, send } from './request.ts';
import { noSuchPath, refuse, reply, wrongMethod } from './system.ts';
import type { SandboxCall, SandboxEntry, SandboxMutation, SandboxReply, SandboxSystem } from './system.ts';

export type { SandboxAnswer, SandboxEntry, SandboxSystemName } from './system.ts';
export { SandboxLedgerError } from './ledger.ts';

export interface SandboxOptions {
  /** Folder of the ledger file; created when missing. */
  dir: string;
  /** Epoch milliseconds. */
  clock: () => number;
  log?: (message: string) => void;
  /** How long the payment service works on a change before it happens. */
  paymentDelayMs?: number;
}

export interface Sandbox {
  /** `http://127.0.0.1:PORT` */
  origin: string;
  port: number;
  /** Base URL of a system (`http://127.0.0.1:PORT/crm`, no slash at the end), undefined when there is no such system. */
  resolve: (system: string) => string | undefined;
  /** What really happened, oldest first. */
  entries: (system?: string) => SandboxEntry[];
  /** Forgets everything that happened and goes back to the seeded data. */
  reset: () => Promise<void>;
  close: () => Promise<void>;
}

export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const log = options.log ?? (() => undefined);
  const ledger = await openLedger(options.dir, log);
  const keys = createKeyMemory();
  const systems = new Map<string, SandboxSystem>();
  for (const system of [createCrm(), createPayments(), createMail()]) systems.set(system.name, system);
  for (const entry of ledger.entries()) happen(entry);

  function happen(entry: SandboxEntry): void {
    systems.get(entry.system)?.apply(entry);
    keys.remember(entry);
  }

  // Changes happen one after another, so that each is planned against what the one before it left behind.
  let turn: Promise<unknown> = Promise.resolve();
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = turn.then(work);
    turn = mine.catch(() => undefined);
    return mine;
  }

  async function answer(request: IncomingMessage): Promise<SandboxReply> {
    const target = readTarget(request.url ?? '/');
    if (target === undefined) return noSuchPath();
    const [name, ...rest] = target.path;
    const method = request.method ?? 'GET';
    if (name === 'ledger' && rest.length === 0) {
      if (method !== 'GET') return wrongMethod(['GET']);
      const items = listEntries(ledger, target.query.get('system') ?? undefined);
      return reply(200, { items, count: items.length });
    }
    const system = name === undefined ? undefined : systems.get(name);
    if (system === undefined) return noSuchPath();
    const key = readKeyHeader(request.headers['idempotency-key']);
    if (key === null) {
      return refuse(400, 'invalid_key', 'Idempotency-Key must be one text of 1 to 255 characters, best in quotes.');
    }
    const body = await readJsonBody(request);
    if (body.kind === 'reply') return body;
    const call: SandboxCall = { method, path: rest, query: target.query, body: body.value };
    const ifMatch = request.headers['if-match'];
    if (ifMatch !== undefined) call.ifMatch = ifMatch.trim().replace(/^(?:W\/)?"(.*)"$/, '$1');
    const outcome = system.handle(call);
    return outcome.kind === 'reply' ? outcome : change(system, call, outcome, key);
  }

  async function change(
    system: SandboxSystem,
    call: SandboxCall,
    mutation: SandboxMutation,
    key: string | undefined,
  ): Promise<SandboxReply> {
    const digest = digestCall(call.method, call.path, mutation.request);
    const honoured = key !== undefined && system.honoursKeys ? key : undefined;
    if (honoured !== undefined) {
      const repeated = keys.begin(system.name, honoured, digest);
      if (repeated !== undefined) return repeated;
    }
    try {
      if (system.name === 'payments') await pause(options.paymentDelayMs ?? 0);
      return await inTurn(async () => {
        const at = options.clock();
        const planned = mutation.plan(at);
        if (planned.kind === 'reply') return planned;
        const entry: SandboxEntry = {
          at,
          system: system.name,
          action: planned.action,
          resource: planned.resource,
          request: planned.request,
          result: planned.result,
        };
        if (key !== undefined) entry.key = key;
        if (honoured !== undefined) entry.digest = digest;
        await ledger.append(entry);
        happen(entry);
        return { kind: 'reply', answer: planned.result };
      });
    } finally {
      if (honoured !== undefined) keys.end(system.name, honoured);
    }
  }

  let port = 0;
  const server = createServer((request, response) => {
    void (async () => {
      try {
        const outcome = isTrustedCaller(request, port)
          ? await answer(request)
          : refuse(421, 'wrong_host', 'The Sandbox systems answer only the app, at their own address.');
        send(request, response, outcome.answer);
      } catch (cause) {
        log(`A Sandbox system could not answer: ${cause instanceof Error ? cause.message : String(cause)}`);
        const failed = refuse(500, 'internal', 'The Sandbox system could not keep this change, so it did not happen.');
        send(request, response, failed.answer);
      }
    })();
  });

  try {
    port = await listen(server);
  } catch (cause) {
    await ledger.close();
    throw cause;
  }
  const origin = `http://127.0.0.1:${port}`;
  return {
    origin,
    port,
    resolve: (system) => (systems.has(system) ? `${origin}/${system}` : undefined),
    entries: (system) => listEntries(ledger, system),
    reset: () =>
      inTurn(async () => {
        await ledger.clear();
        keys.clear();
        for (const system of systems.values()) system.clear();
      }),
    close: async () => {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
      await inTurn(() => ledger.close());
    },
  };
}

function listEntries(ledger: SandboxLedger, system: string | undefined): SandboxEntry[] {
  return ledger.entries().filter((entry) => system === undefined || entry.system === system);
}

/** Undefined for a request line that is no path; it then matches nothing. */
function readTarget(requestUrl: string): { path: string[]; query: URLSearchParams } | undefined {
  const [path = '', query] = requestUrl.split('?', 2);
  if (!path.startsWith('/')) return undefined;
  try {
    return { path: path.slice(1).split('/').map(decodeURIComponent), query: new URLSearchParams(query) };
  } catch {
    return undefined;
  }
}

function pause(delayMs: number): Promise<void> {
  return delayMs > 0 ? new Promise((resolve) => setTimeout(resolve, delayMs)) : Promise.resolve();
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      server.off('error', reject);
      const address = server.address();
      if (address === null || typeof address === 'string') reject(new Error('The Sandbox has no port.'));
      else resolve(address.port);
    });
  });
}
