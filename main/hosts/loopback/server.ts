/**
 * The loopback host: the page over HTTP and the wire over a WebSocket, on 127.0.0.1 only. Whoever has the token is the
 * person at this machine. Checks Host and Origin, so that no page of the web can reach it through a browser.
 * Must never listen on another address and never answer the wire without the token.
 */
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { socketWire } from '../../../shared/api/wire.ts';
import type { Wire } from '../../../shared/api/wire.ts';
import { sameText } from '../../workspace/socket.ts';
import { plain, servePage } from '../page.ts';
import type { PageAnswer } from '../page.ts';

const MAX_MESSAGE_BYTES = 24_000_000;
const PROTOCOL = 'holdfast.v1';
const TOKEN_PREFIX = 'holdfast.token.';
/** Close code the page understands as: this address has the wrong key, trying again is no use. */
const WRONG_TOKEN = 4401;

export interface LoopbackServer {
  port: number;
  close(): Promise<void>;
}

export interface LoopbackOptions {
  /** 0 takes a free port. */
  port: number;
  token: string;
  pageFolder: string;
  onWire(wire: Wire): void;
}

/** Rejects with the system's error when the port cannot be had, `EADDRINUSE` for one. */
export async function startLoopback(options: LoopbackOptions): Promise<LoopbackServer> {
  let port = options.port;
  const hosts = (): string[] => [`127.0.0.1:${port}`, `localhost:${port}`];
  const isOurHost = (request: IncomingMessage): boolean => hosts().includes(request.headers.host ?? '');
  const isOurOrigin = (origin: string | undefined): boolean => hosts().some((host) => origin === `http://${host}`);

  async function answer(request: IncomingMessage): Promise<PageAnswer> {
    if (!isOurHost(request)) return plain(421, 'Holdfast answers only at its own address on this machine.');
    const { origin } = request.headers;
    if (origin !== undefined && !isOurOrigin(origin)) return plain(403, 'Pages of other sites may not use Holdfast.');
    if (request.method !== 'GET' && request.method !== 'HEAD') return plain(405, 'Only GET is answered here.');
    const [urlPath = '/'] = (request.url ?? '/').split('?', 1);
    return servePage({ folder: options.pageFolder, connectSources: hosts().map((host) => `ws://${host}`) }, urlPath);
  }

  const server = createServer((request, response) => {
    answer(request).then(
      (result) => write(request, response, result),
      () => write(request, response, plain(500, 'Holdfast could not answer this.')),
    );
  });

  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    handleProtocols: (protocols) => (protocols.has(PROTOCOL) ? PROTOCOL : false),
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    const [urlPath] = (request.url ?? '').split('?', 1);
    if (!isOurHost(request)) return refuseUpgrade(socket, '421 Misdirected Request');
    if (!isOurOrigin(request.headers.origin)) return refuseUpgrade(socket, '403 Forbidden');
    if (urlPath !== '/wire') return refuseUpgrade(socket, '404 Not Found');
    const protocols = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
    if (!protocols.includes(PROTOCOL)) return refuseUpgrade(socket, '400 Bad Request');
    const given = protocols.find((name) => name.startsWith(TOKEN_PREFIX))?.slice(TOKEN_PREFIX.length) ?? '';
    const isRight = sameText(given, options.token);
    sockets.handleUpgrade(request, socket, head, (accepted) => {
      accepted.on('error', () => accepted.terminate());
      // A page cannot read the status of a refused upgrade, so it is told by a close code.
      if (!isRight) accepted.close(WRONG_TOKEN, 'wrong token');
      else options.onWire(socketWire(accepted));
    });
  });

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
  port = (server.address() as AddressInfo).port;

  return {
    port,
    close: () =>
      new Promise<void>((resolve) => {
        for (const socket of sockets.clients) socket.terminate();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function refuseUpgrade(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

function write(request: IncomingMessage, response: ServerResponse, answer: PageAnswer): void {
  const body = typeof answer.body === 'string' ? Buffer.from(answer.body) : answer.body;
  response.writeHead(answer.status, { ...answer.headers, 'content-length': body.length });
  response.end(request.method === 'HEAD' ? undefined : body);
}
