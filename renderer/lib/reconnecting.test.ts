import { describe, expect, it } from 'vitest';
import { ApiError } from '../../shared/api/contract.ts';
import { connect, memoryWire, serve } from '../../shared/api/wire.ts';
import { contract } from '../../shared/api/contract.ts';
import type { AppInfo, RunSummary } from '../../shared/api/contract.ts';
import { createReconnecting, reconnectDelayMs } from './reconnecting.ts';
import type { ConnectionState, Link } from './reconnecting.ts';

const timers = {
  set: (run: () => void, delayMs: number) => setTimeout(run, delayMs),
  clear: (timer: unknown) => clearTimeout(timer as NodeJS.Timeout),
};
const info: AppInfo = { version: '1', host: 'loopback', dataDir: '/d', sqliteVersion: '3' };

/** A host over memory wires that can be stopped and started again, with real serve and connect. */
function createHost() {
  let up = true;
  let drop: (refused: boolean) => void = () => {};
  let lists = 0;
  const pauses: number[] = [];
  const states: ConnectionState[] = [];
  let retry: (() => void) | undefined;
  const open = async (): Promise<Link> => {
    if (!up) throw new ApiError('closed', 'down');
    const [near, far] = memoryWire();
    serve({
      contract,
      handlers: {
        'app.info': () => info,
        'runs.list': (_input: unknown, push: (value: RunSummary[]) => void) => {
          lists += 1;
          push([]);
        },
      },
      wire: far,
      timers,
    });
    return {
      client: connect({ wire: near, timers }),
      onClosed: (listener) => {
        drop = (refused) => {
          near.close();
          listener(refused);
        };
      },
    };
  };
  const client = createReconnecting({
    open,
    onState: (state) => states.push(state),
    wait: (run, delayMs) => {
      pauses.push(delayMs);
      retry = run;
    },
  });
  return {
    client,
    states,
    pauses,
    lists: () => lists,
    stop: () => {
      up = false;
      drop(false);
    },
    refuse: () => drop(true),
    start: () => {
      up = true;
    },
    retry: () => retry?.(),
  };
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 20));

describe('a connection that comes back', () => {
  it('answers a call made before the connection was there', async () => {
    const host = createHost();
    await expect(host.client.call('app.info', {})).resolves.toEqual(info);
    expect(host.states).toEqual(['connecting', 'open']);
  });

  it('watches again after the host was away, with growing pauses', async () => {
    const host = createHost();
    const seen: unknown[] = [];
    host.client.watch('runs.list', {}, (value) => seen.push(value));
    await settled();
    expect(seen).toHaveLength(1);

    host.stop();
    await expect(host.client.call('app.info', {})).rejects.toMatchObject({ code: 'closed' });
    host.retry();
    await settled();
    host.retry();
    await settled();
    expect(host.pauses).toEqual([250, 500, 1000]);

    host.start();
    host.retry();
    await settled();
    expect(seen).toHaveLength(2);
    expect(host.lists()).toBe(2);
    expect(host.states.at(-1)).toBe('open');
    await expect(host.client.call('app.info', {})).resolves.toEqual(info);
  });

  it('does not tell a watch about the lost connection, but about its own errors', async () => {
    const host = createHost();
    const errors: ApiError[] = [];
    host.client.watch(
      'runs.list',
      {},
      () => {},
      (error) => errors.push(error),
    );
    host.client.watch(
      'inbox.list',
      {},
      () => {},
      (error) => errors.push(error),
    );
    await settled();
    host.stop();
    await settled();
    expect(errors.map((error) => error.code)).toEqual(['not_found']);
  });

  it('an ended watch stays ended', async () => {
    const host = createHost();
    const stop = host.client.watch('runs.list', {}, () => {});
    await settled();
    stop();
    host.stop();
    host.start();
    host.retry();
    await settled();
    expect(host.lists()).toBe(1);
  });

  it('gives up when the host refuses the token', async () => {
    const host = createHost();
    await settled();
    host.refuse();
    expect(host.states.at(-1)).toBe('refused');
    expect(host.pauses).toEqual([]);
  });

  it('never waits longer than five seconds', () => expect(reconnectDelayMs(99)).toBe(5000));
});
