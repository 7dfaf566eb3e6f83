/**
 * The local socket of a running host: other commands of the same person connect to it and act through it. One JSON
 * message per line; the first line is the token from `host.json`. Must never answer anything before the token was right,
 * and must never keep a line longer than the limit in memory.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { connect as connectSocket, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { parseText } from '../../shared/api/carriers.ts';
import type { Wire } from '../../shared/api/wire.ts';

const MAX_LINE = 24_000_000;
const MAX_HELLO = 1_000;
const HELLO_MS = 3_000;
/** Unix sockets have room for about 104 bytes of path. */
const MAX_SOCKET_PATH = 100;

export interface LocalSocket {
  socket: string;
  token: string;
  /** How many commands are connected now. */
  connections(): number;
  close(): Promise<void>;
}

export async function listenLocally(dataDir: string, onWire: (wire: Wire) => void): Promise<LocalSocket> {
  const token = randomBytes(32).toString('hex');
  const live = new Set<Socket>();
  const server = createServer((socket) => {
    live.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => live.delete(socket));
    const hello = setTimeout(() => socket.destroy(), HELLO_MS);
    const lines = readLines(socket, MAX_HELLO);
    lines.onLine((text) => {
      clearTimeout(hello);
      const first = parseText(text);
      const given = typeof first === 'object' && first !== null ? (first as { token?: unknown }).token : undefined;
      if (typeof given !== 'string' || !sameText(given, token)) {
        socket.destroy();
        return;
      }
      lines.setLimit(MAX_LINE);
      const wire = lineWire(socket, lines);
      socket.write('{"ok":true}\n');
      onWire(wire);
    });
  });
  const { address, dispose } = await listenSomewhere(server, dataDir);
  return {
    socket: address,
    token,
    connections: () => live.size,
    close: async () => {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const socket of live) socket.destroy();
      });
      dispose();
    },
  };
}

/** Resolves to undefined when nobody answers there in time: the host is gone, stopped, or not this one. */
export function connectLocally(note: { socket: string; token: string }): Promise<Wire | undefined> {
  return new Promise((resolve) => {
    const socket = connectSocket(note.socket);
    const giveUp = (): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(undefined);
    };
    const timer = setTimeout(giveUp, HELLO_MS);
    socket.once('error', giveUp);
    socket.once('close', giveUp);
    const lines = readLines(socket, MAX_LINE * 10);
    socket.once('connect', () => socket.write(`${JSON.stringify({ token: note.token })}\n`));
    lines.onLine((text) => {
      const answer = parseText(text);
      if (typeof answer !== 'object' || answer === null || (answer as { ok?: unknown }).ok !== true) {
        giveUp();
        return;
      }
      clearTimeout(timer);
      socket.off('close', giveUp);
      socket.off('error', giveUp);
      socket.on('error', () => socket.destroy());
      resolve(lineWire(socket, lines));
    });
  });
}

export function sameText(given: string, expected: string): boolean {
  const a = Buffer.from(given);
  const b = Buffer.from(expected);
  return a.length === b.length && timingSafeEqual(a, b);
}

async function listenSomewhere(server: Server, dataDir: string): Promise<{ address: string; dispose(): void }> {
  if (process.platform === 'win32') {
    const address = `\\\\.\\pipe\\holdfast-${randomBytes(16).toString('hex')}`;
    await listen(server, address);
    return { address, dispose: () => {} };
  }
  const inFolder = path.join(dataDir, 'host.sock');
  if (Buffer.byteLength(inFolder) <= MAX_SOCKET_PATH) {
    // Only the holder of the lease comes here, so a socket that is there belongs to nobody.
    rmSync(inFolder, { force: true });
    try {
      await listen(server, inFolder);
      chmodSync(inFolder, 0o600);
      return { address: inFolder, dispose: () => rmSync(inFolder, { force: true }) };
    } catch {
      // Some file systems have no sockets; the temporary folder does.
    }
  }
  const folder = mkdtempSync(path.join(tmpdir(), 'holdfast-'));
  const address = path.join(folder, 'host.sock');
  await listen(server, address);
  return { address, dispose: () => rmSync(folder, { recursive: true, force: true }) };
}

function listen(server: Server, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(address, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

interface Lines {
  /** One listener at a time; lines that arrive in the same turn go to the one that is set when they are cut. */
  onLine(listener: (text: string) => void): void;
  setLimit(characters: number): void;
}

function readLines(socket: Socket, firstLimit: number): Lines {
  const decoder = new StringDecoder('utf8');
  let limit = firstLimit;
  let parts: string[] = [];
  let length = 0;
  let listener: (text: string) => void = () => {};
  socket.on('data', (chunk: Buffer) => {
    let text = decoder.write(chunk);
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
      parts.push(text.slice(0, end));
      text = text.slice(end + 1);
      const line = parts.join('');
      parts = [];
      length = 0;
      if (line.length > limit) socket.destroy();
      if (socket.destroyed) return;
      listener(line);
    }
    parts.push(text);
    length += text.length;
    if (length > limit) socket.destroy();
  });
  return {
    onLine: (next) => {
      listener = next;
    },
    setLimit: (characters) => {
      limit = characters;
    },
  };
}

function lineWire(socket: Socket, lines: Lines): Wire {
  const listeners: ((message: unknown, size: number) => void)[] = [];
  lines.onLine((text) => {
    const message = parseText(text);
    for (const listener of listeners) listener(message, text.length);
  });
  return {
    send: (message) => {
      const text = JSON.stringify(message);
      if (!socket.destroyed && socket.writable) socket.write(`${text}\n`);
    },
    onMessage: (listener) => {
      listeners.push(listener);
    },
    onClose: (listener) => {
      socket.on('close', () => listener());
    },
    close: () => {
      socket.end();
    },
  };
}
