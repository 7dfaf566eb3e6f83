/**
 * A client that survives its host: it opens a connection, opens a new one with growing pauses when that is lost, and
 * subscribes every watch again, so that screens only see values stop for a while. It never repeats a command by itself:
 * a call that was under way when the connection broke ends with an error, since nobody knows whether it was done.
 */
import { ApiError } from '../../shared/api/contract.ts';
import type { Client, EndpointName } from '../../shared/api/contract.ts';

export type ConnectionState = 'connecting' | 'open' | 'lost' | 'refused';

/** One live connection. `onClosed` tells once; `refused` means that trying again is pointless. */
export interface Link {
  client: Client;
  onClosed(listener: (refused: boolean) => void): void;
}

export interface ReconnectingOptions {
  open(): Promise<Link>;
  onState(state: ConnectionState): void;
  wait(run: () => void, delayMs: number): unknown;
}

export const reconnectDelaysMs = [250, 500, 1000, 2000, 4000, 5000] as const;

export function reconnectDelayMs(failures: number): number {
  return reconnectDelaysMs[Math.min(failures, reconnectDelaysMs.length - 1)] ?? 5000;
}

interface Subscription {
  start(client: Client): void;
  stop(): void;
}

export function createReconnecting(options: ReconnectingOptions): Client {
  const subscriptions = new Set<Subscription>();
  let link: Link | undefined;
  let waiters: ((client: Client | undefined) => void)[] = [];
  let failures = 0;
  let ended = false;

  function wake(client: Client | undefined): void {
    const woken = waiters;
    waiters = [];
    for (const resume of woken) resume(client);
  }

  function lost(refused: boolean): void {
    link = undefined;
    if (ended) return;
    if (refused) {
      ended = true;
      options.onState('refused');
      wake(undefined);
      return;
    }
    options.onState('lost');
    const delayMs = reconnectDelayMs(failures);
    failures += 1;
    // Whoever waits since before the first try keeps waiting for it; from then on callers hear at once.
    wake(undefined);
    options.wait(() => void open(), delayMs);
  }

  async function open(): Promise<void> {
    if (ended) return;
    try {
      const opened = await options.open();
      if (ended) {
        opened.client.close();
        return;
      }
      link = opened;
      failures = 0;
      let over = false;
      opened.onClosed((refused) => {
        if (over) return;
        over = true;
        lost(refused);
      });
      if (over) return;
      options.onState('open');
      for (const subscription of subscriptions) subscription.start(opened.client);
      wake(opened.client);
    } catch (error) {
      lost(error instanceof ApiError && error.code === 'refused');
    }
  }

  options.onState('connecting');
  let opening = true;
  void open().finally(() => {
    opening = false;
  });

  const ready = (): Promise<Client | undefined> => {
    if (link) return Promise.resolve(link.client);
    if (!opening) return Promise.resolve(undefined);
    return new Promise((resolve) => waiters.push(resolve));
  };

  const call = async (name: EndpointName, input: unknown, callOptions?: unknown): Promise<unknown> => {
    const client = await ready();
    if (!client) throw new ApiError('closed', 'There is no connection to Holdfast right now; it is being tried again.');
    return client.call(name as never, input as never, callOptions as never);
  };

  const watch = (
    name: EndpointName,
    input: unknown,
    onValue: (value: never) => void,
    onError?: (error: ApiError) => void,
  ): (() => void) => {
    let stop = (): void => {};
    const subscription: Subscription = {
      start: (client) => {
        stop = client.watch(name as never, input as never, onValue as never, (error) => {
          // A lost connection is not the watch's error: it goes on with the next connection.
          if (error.code !== 'closed') onError?.(error);
        });
      },
      stop: () => stop(),
    };
    subscriptions.add(subscription);
    if (link) subscription.start(link.client);
    return () => {
      subscriptions.delete(subscription);
      subscription.stop();
    };
  };

  return {
    call: call as Client['call'],
    watch: watch as Client['watch'],
    close: () => {
      ended = true;
      link?.client.close();
    },
  };
}
