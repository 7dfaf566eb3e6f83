/** The wire's rules over its two kinds of carrier: in memory, and a real WebSocket on 127.0.0.1. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import { memoryWire, socketWire } from '../../shared/api/wire.ts';
import { contractSuite } from './contract.suite.ts';

contractSuite({
  name: 'memory',
  open: () => {
    const [server, client] = memoryWire();
    return Promise.resolve({ server, client, stop: () => Promise.resolve() });
  },
});

contractSuite({
  name: 'a WebSocket',
  open: async () => {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    await once(server, 'listening');
    const accepted = once(server, 'connection') as Promise<[WebSocket]>;
    const socket = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const [[serverSocket]] = await Promise.all([accepted, once(socket, 'open')]);
    return {
      server: socketWire(serverSocket),
      client: socketWire(socket),
      stop: () =>
        new Promise<void>((resolve) => {
          socket.terminate();
          server.close(() => resolve());
        }),
    };
  },
});
