// Real servers on 127.0.0.1 for the tests of this folder, and a client that may reach them. Everything that is opened is
// closed after the test that opened it. Must stay out of the product.

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import type { AddressInfo, Server as TcpServer, Socket } from 'node:net';
import { afterEach, expect } from 'vitest';
import type { HttpResponse } from '../../steps/kind.ts';
import { StepFailure } from '../../steps/kind.ts';
import type { HttpClient, HttpClientOptions } from './client.ts';
import { createHttpClient } from './client.ts';

export const NOW = Date.parse('2026-11-23T12:00:00Z');
const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

export async function listen(server: Server | TcpServer): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket));
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((done) => server.close(done));
  });
  return (server.address() as AddressInfo).port;
}

export async function serve(listener: RequestListener): Promise<string> {
  return `http://127.0.0.1:${await listen(createServer(listener))}`;
}

export function client(options: Partial<HttpClientOptions> = {}): HttpClient {
  const made = createHttpClient({
    resolveSandbox: () => undefined,
    isAllowedHost: (host) => host === '127.0.0.1',
    clock: () => NOW,
    ...options,
  });
  cleanups.push(() => made.close());
  return made;
}

export const live = (): AbortSignal => new AbortController().signal;

export async function failure(work: Promise<HttpResponse>): Promise<{ sent: boolean } & StepFailure['error']> {
  try {
    const response = await work;
    throw new Error(`answered ${response.status}`);
  } catch (error) {
    if (!(error instanceof StepFailure)) throw error;
    expect(error.error.message).toMatch(/^[^\n]+[.!?…]$/);
    return { sent: error.sent, ...error.error };
  }
}

export function answers(status: number, body?: unknown, headers: Record<string, string> = {}): RequestListener {
  return (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(body === undefined ? undefined : JSON.stringify(body));
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}

/** Answers what it was sent. */
export function echo(request: IncomingMessage, response: ServerResponse): void {
  void bodyOf(request).then((body) => {
    response.writeHead(200, { 'content-type': 'application/json', etag: '"v1"' });
    response.end(JSON.stringify({ method: request.method, url: request.url, headers: request.headers, body }));
  });
}
