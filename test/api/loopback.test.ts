/** The loopback host against strangers: other sites, other hosts, wrong keys, paths that lead out, messages too large. */
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { connect as connectTcp } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import type { Wire } from '../../shared/api/wire.ts';
import { startLoopback } from '../../main/hosts/loopback/server.ts';
import type { LoopbackServer } from '../../main/hosts/loopback/server.ts';
import { loopbackToken } from '../../main/hosts/loopback/token.ts';

let folder: string;
let server: LoopbackServer;
let token: string;
let wires: Wire[] = [];

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'holdfast-loopback-'));
  const page = path.join(folder, 'page');
  mkdirSync(path.join(page, 'assets'), { recursive: true });
  writeFileSync(
    path.join(page, 'index.html'),
    '<meta name="csp-nonce" content="__CSP_NONCE__"><title>Holdfast</title>',
  );
  writeFileSync(path.join(page, 'assets', 'main-abc.js'), 'export {};');
  writeFileSync(path.join(page, 'assets', 'notes.txt'), 'of no known type');
  writeFileSync(path.join(page, '.stamp'), 'hidden');
  writeFileSync(path.join(folder, 'secret.html'), 'outside');
  token = loopbackToken(folder);
  server = await startLoopback({ port: 0, token, pageFolder: page, onWire: (wire) => wires.push(wire) });
});

afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

function get(urlPath: string, options: { headers?: Record<string, string>; method?: string } = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      {
        host: '127.0.0.1',
        port: server.port,
        path: urlPath,
        method: options.method ?? 'GET',
        headers: options.headers ?? {},
        agent: false,
      },
      (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (body += chunk));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
      },
    );
    request.on('error', reject);
    request.end();
  });
}

/** A request line that no client library would send. */
function raw(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connectTcp(server.port, '127.0.0.1', () => socket.write(text));
    let answer = '';
    socket.on('data', (chunk) => (answer += chunk.toString()));
    socket.on('end', () => resolve(answer));
    socket.on('error', reject);
  });
}

interface Attempt {
  host?: string;
  origin?: string | null;
  protocols?: string[];
  path?: string;
}

/** `open`, a close code, or the status of a refused upgrade. */
function attempt(options: Attempt = {}): Promise<{ result: string; socket: WebSocket }> {
  const here = `127.0.0.1:${server.port}`;
  const protocols = options.protocols ?? ['holdfast.v1', `holdfast.token.${token}`];
  const origin = options.origin === undefined ? `http://${here}` : options.origin;
  const socket = new WebSocket(`ws://${here}${options.path ?? '/wire'}`, protocols, {
    headers: { ...(options.host ? { host: options.host } : {}), ...(origin === null ? {} : { origin }) },
  });
  return new Promise((resolve) => {
    const wiresBefore = wires.length;
    socket.on('unexpected-response', (_request, response) => {
      resolve({ result: String(response.statusCode), socket });
      socket.terminate();
    });
    socket.on('error', () => {});
    socket.on('close', (code) => resolve({ result: String(code), socket }));
    socket.on('open', () => {
      // A wrong key is told by a close code right after opening.
      setTimeout(
        () => socket.readyState === WebSocket.OPEN && wires.length > wiresBefore && resolve({ result: 'open', socket }),
        50,
      );
    });
  });
}

describe('the page', () => {
  test('is served with a policy whose nonce is fresh each time', async () => {
    const [first, second] = [await get('/'), await get('/index.html')];
    expect([first.status, second.status]).toEqual([200, 200]);
    const nonce = /content="([^"]+)"/.exec(first.body)?.[1] ?? '';
    expect(nonce).toMatch(/^[A-Za-z0-9_-]{22}$/);
    expect(second.body).not.toContain(nonce);
    const policy = String(first.headers['content-security-policy']);
    expect(policy).toContain(`style-src 'self' 'nonce-${nonce}'`);
    for (const part of [
      "default-src 'none'",
      "script-src 'self'",
      `connect-src ws://127.0.0.1:${server.port}`,
      "require-trusted-types-for 'script'",
      'trusted-types holdfast',
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ]) {
      expect(policy).toContain(part);
    }
    expect(policy).not.toMatch(/unsafe-eval|script-src[^;]*unsafe-inline|\*/);
    expect(first.headers['x-content-type-options']).toBe('nosniff');
    expect(first.headers['cache-control']).toBe('no-store');
  });

  test('files have their type, folders and unknown types are not there', async () => {
    const script = await get('/assets/main-abc.js?v=1');
    expect([script.status, script.headers['content-type']]).toEqual([200, 'text/javascript; charset=utf-8']);
    for (const missing of ['/assets', '/assets/', '/assets/notes.txt', '/nothing.js', '/.stamp']) {
      expect((await get(missing)).status, missing).toBe(404);
    }
  });

  test('no path leads out of the folder', async () => {
    const ways = [
      '/../secret.html',
      '/assets/../../secret.html',
      '/%2e%2e/secret.html',
      '/assets/%2e%2e/%2e%2e/secret.html',
      '/..%2fsecret.html',
      '/..%5csecret.html',
      '//secret.html',
      '/%00/../secret.html',
      '/%ff',
      `/${encodeURIComponent(path.join(folder, 'secret.html'))}`,
    ];
    for (const way of ways) {
      const answer = await raw(`GET ${way} HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nConnection: close\r\n\r\n`);
      expect(answer, way).toMatch(/^HTTP\/1\.1 404 /);
      expect(answer, way).not.toContain('outside');
    }
  });

  test('another host name is misdirected, another origin forbidden, another method refused', async () => {
    for (const host of [
      'evil.example',
      `evil.example:${server.port}`,
      '127.0.0.1',
      `127.0.0.1:${server.port}.evil.example`,
    ]) {
      expect((await get('/', { headers: { host } })).status, host).toBe(421);
    }
    for (const origin of [
      'https://evil.example',
      'null',
      `http://127.0.0.1:${server.port + 1}`,
      `https://127.0.0.1:${server.port}`,
    ]) {
      expect((await get('/', { headers: { origin } })).status, origin).toBe(403);
    }
    expect((await get('/', { method: 'POST' })).status).toBe(405);
    expect((await get('/', { method: 'HEAD' })).body).toBe('');
    expect((await get('/', { headers: { host: `localhost:${server.port}` } })).status).toBe(200);
  });
});

describe('the wire', () => {
  test('opens with the right host, origin and key, and never echoes the key', async () => {
    const { result, socket } = await attempt();
    expect(result).toBe('open');
    expect(socket.protocol).toBe('holdfast.v1');
    socket.terminate();
  });

  test('a wrong, empty or missing key closes with the code the page knows, before anything is answered', async () => {
    wires = [];
    for (const protocols of [
      ['holdfast.v1', 'holdfast.token.wrong'],
      ['holdfast.v1', `holdfast.token.${token.slice(1)}`],
      ['holdfast.v1', `holdfast.token.${token}0`],
      ['holdfast.v1'],
    ]) {
      expect((await attempt({ protocols })).result).toBe('4401');
    }
    expect(wires).toHaveLength(0);
  });

  test('another host, origin, path or protocol is refused before the upgrade', async () => {
    wires = [];
    expect((await attempt({ host: 'evil.example' })).result).toBe('421');
    expect((await attempt({ origin: 'https://evil.example' })).result).toBe('403');
    expect((await attempt({ origin: null })).result).toBe('403');
    expect((await attempt({ path: '/other' })).result).toBe('404');
    expect((await attempt({ protocols: [`holdfast.token.${token}`] })).result).toBe('400');
    expect(wires).toHaveLength(0);
  });

  test('a message over 24 MB ends the connection and nothing else', async () => {
    const { socket } = await attempt();
    const closed = once(socket, 'close') as Promise<[number]>;
    socket.send('x'.repeat(24_000_001));
    expect((await closed)[0]).toBe(1009);
    const again = await attempt();
    expect(again.result).toBe('open');
    again.socket.terminate();
  });
});

test('the key stays the same over restarts, is private, and a damaged file is replaced', () => {
  const file = path.join(folder, 'loopback.token');
  expect(loopbackToken(folder)).toBe(token);
  if (process.platform !== 'win32') expect(statSync(file).mode & 0o777).toBe(0o600);
  writeFileSync(file, 'short');
  const next = loopbackToken(folder);
  expect(next).toMatch(/^[0-9a-f]{64}$/);
  expect(next).not.toBe(token);
  expect(readFileSync(file, 'utf8').trim()).toBe(next);
});
