/** The wire's rules over its carriers: in memory, a real WebSocket on 127.0.0.1, and the local socket of a host. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { WebSocket, WebSocketServer } from 'ws';
import { memoryWire, socketWire } from '../../shared/api/wire.ts';
import { connectLocally, listenLocally } from '../../main/workspace/socket.ts';
import type { Wire } from '../../shared/api/wire.ts';
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

contractSuite({
  name: 'a local socket',
  open: async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'holdfast-wire-'));
    let accept: (wire: Wire) => void = () => {};
    const accepted = new Promise<Wire>((resolve) => {
      accept = resolve;
    });
    const local = await listenLocally(folder, (wire) => accept(wire));
    const client = await connectLocally(local);
    if (!client) throw new Error('The local socket refused its own token.');
    return {
      server: await accepted,
      client,
      stop: async () => {
        await local.close();
        rmSync(folder, { recursive: true, force: true });
      },
    };
  },
});
