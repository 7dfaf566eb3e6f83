/**
 * Carriers that need nothing but JSON text: a pair in memory, and anything shaped like a WebSocket (the browser's and the
 * one of `ws`). Must never pass a value that JSON cannot carry, so that all carriers behave alike.
 */
import type { Wire } from './wire.ts';

/** A connected pair. Messages arrive in order, in a later turn, as a JSON round trip left them. */
export function memoryWire(): [Wire, Wire] {
  const first = createEnd();
  const second = createEnd();
  let open = true;
  const close = (): void => {
    if (!open) return;
    open = false;
    first.closed();
    second.closed();
  };
  const wireOf = (own: End, other: End): Wire => ({
    send: (message) => {
      const text = JSON.stringify(message);
      if (open && text !== undefined)
        void Promise.resolve().then(() => open && other.receive(JSON.parse(text), text.length));
    },
    onMessage: (listener) => {
      own.messageListeners.push(listener);
    },
    onClose: (listener) => {
      own.closeListeners.push(listener);
    },
    close,
  });
  return [wireOf(first, second), wireOf(second, first)];
}

interface End {
  messageListeners: ((message: unknown, size?: number) => void)[];
  closeListeners: (() => void)[];
  receive(message: unknown, size: number): void;
  closed(): void;
}

function createEnd(): End {
  const messageListeners: End['messageListeners'] = [];
  const closeListeners: End['closeListeners'] = [];
  return {
    messageListeners,
    closeListeners,
    receive: (message, size) => {
      for (const listener of messageListeners) listener(message, size);
    },
    closed: () => {
      for (const listener of closeListeners) listener();
    },
  };
}

/** The part of a WebSocket that a wire needs; the browser's and `ws` both have it. */
export interface SocketLike {
  readonly readyState: number;
  send(text: string): void;
  close(code?: number, reason?: string): void;
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void;
  addEventListener(type: 'close', listener: () => void): void;
}

const OPEN = 1;

/** An open socket as a wire. What is not JSON text arrives as `undefined`, which `serve` answers with a typed error. */
export function socketWire(socket: SocketLike): Wire {
  return {
    send: (message) => {
      const text = JSON.stringify(message);
      if (socket.readyState === OPEN) socket.send(text);
    },
    onMessage: (listener) => {
      socket.addEventListener('message', (event) => {
        if (typeof event.data !== 'string') listener(undefined, 0);
        else listener(parseText(event.data), event.data.length);
      });
    },
    onClose: (listener) => {
      socket.addEventListener('close', () => listener());
    },
    close: () => socket.close(1000),
  };
}

/** `undefined` for what is not JSON. */
export function parseText(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
