/**
 * The page's only way to the application: one client over `window.holdfast` (desktop) or a WebSocket (browser), and the
 * hooks that screens use. It keeps the access token out of the address, and never interprets what endpoints mean.
 */
import { createContext, useCallback, useContext, useEffect, useRef, useState } from 'react';
import { create } from 'zustand';
import { ApiError } from '../shared/api/contract.ts';
import type { Client, InputOf, NamesOf, OutputOf } from '../shared/api/contract.ts';
import { connect, socketWire } from '../shared/api/wire.ts';
import type { Wire } from '../shared/api/wire.ts';
import { newId } from './lib/new-id.ts';
import { notifyError } from './lib/notify.ts';
import { createReconnecting } from './lib/reconnecting.ts';
import type { ConnectionState, Link } from './lib/reconnecting.ts';
import { splitToken } from './lib/route.ts';

declare global {
  interface Window {
    /** Exposed by the desktop's preload script; absent in a browser. */
    holdfast?: { send(message: unknown): void; onMessage(listener: (message: unknown) => void): void };
  }
}

const tokenKey = 'holdfast.token';
const wrongTokenCode = 4401;
const timers = {
  set: (run: () => void, delayMs: number) => window.setTimeout(run, delayMs),
  clear: (timer: unknown) => window.clearTimeout(timer as number),
};

export const useConnection = create<{ state: ConnectionState }>()(() => ({ state: 'connecting' }));

/** Moves the token from the address to the session, so that links and screenshots never carry it. */
function takeToken(): string {
  const { token, rest } = splitToken(window.location.hash);
  if (token === undefined) return window.sessionStorage.getItem(tokenKey) ?? '';
  window.sessionStorage.setItem(tokenKey, token);
  window.history.replaceState(null, '', rest === '' ? '#/designer' : rest);
  return token;
}

function openDesktop(bridge: NonNullable<Window['holdfast']>): Promise<Link> {
  const wire: Wire = {
    send: (message) => bridge.send(message),
    onMessage: (listener) => bridge.onMessage((message) => listener(message)),
    onClose: () => {},
    close: () => {},
  };
  return Promise.resolve({ client: connect({ wire, timers }), onClosed: () => {} });
}

function openSocket(token: string): Promise<Link> {
  return new Promise((resolve, reject) => {
    const scheme = window.location.protocol === 'https:' ? 'wss' : 'ws';
    const socket = new WebSocket(`${scheme}://${window.location.host}/wire`, [
      'holdfast.v1',
      `holdfast.token.${token}`,
    ]);
    const isRefusal = (event: CloseEvent) => event.code === wrongTokenCode;
    socket.addEventListener('open', () => {
      resolve({
        client: connect({ wire: socketWire(socket), timers }),
        onClosed: (listener) => socket.addEventListener('close', (event) => listener(isRefusal(event))),
      });
    });
    socket.addEventListener('close', (event) => {
      reject(new ApiError(isRefusal(event) ? 'refused' : 'closed', 'The connection could not be opened.'));
    });
  });
}

export function startClient(): Client {
  const token = takeToken();
  const bridge = window.holdfast;
  return createReconnecting({
    open: () => {
      if (bridge) return openDesktop(bridge);
      if (token === '') return Promise.reject(new ApiError('refused', 'This address has no access key.'));
      return openSocket(token);
    },
    onState: (state) => useConnection.setState({ state }),
    wait: (run, delayMs) => window.setTimeout(run, delayMs),
  });
}

export const ClientContext = createContext<Client | undefined>(undefined);

export function useClient(): Client {
  const client = useContext(ClientContext);
  if (!client) throw new Error('useClient needs a ClientContext around it.');
  return client;
}

export interface Loaded<T> {
  value: T | undefined;
  error: ApiError | undefined;
}

function asApiError(error: unknown): ApiError {
  return error instanceof ApiError
    ? error
    : new ApiError('internal', error instanceof Error ? error.message : String(error));
}

/** Asks once per distinct input, and again after the connection came back or `reload` was called. */
export function useQuery<N extends NamesOf<'query'>>(
  name: N,
  input: InputOf<N> | undefined,
): Loaded<OutputOf<N>> & { reload: () => void } {
  const client = useClient();
  const connection = useConnection((store) => store.state);
  const key = input === undefined ? undefined : JSON.stringify(input);
  const [round, setRound] = useState(0);
  const [loaded, setLoaded] = useState<Loaded<OutputOf<N>> & { key?: string | undefined }>({
    value: undefined,
    error: undefined,
  });
  const ready = connection === 'open' || connection === 'connecting';
  useEffect(() => {
    if (key === undefined || !ready) return undefined;
    const abort = new AbortController();
    client.call(name, JSON.parse(key) as InputOf<N>, { signal: abort.signal }).then(
      (value) => {
        if (!abort.signal.aborted) setLoaded({ value, error: undefined, key });
      },
      (error: unknown) => {
        if (!abort.signal.aborted) setLoaded({ value: undefined, error: asApiError(error), key });
      },
    );
    return () => abort.abort();
  }, [client, name, key, ready, round]);
  const reload = useCallback(() => setRound((value) => value + 1), []);
  // What belongs to another input must never be shown for this one, not even for a frame.
  return loaded.key === key
    ? { value: loaded.value, error: loaded.error, reload }
    : { value: undefined, error: undefined, reload };
}

/** The latest value of a watch; `undefined` as input means not to watch. */
export function useWatch<N extends NamesOf<'watch'>>(name: N, input: InputOf<N> | undefined): Loaded<OutputOf<N>> {
  const client = useClient();
  const key = input === undefined ? undefined : JSON.stringify(input);
  const [loaded, setLoaded] = useState<Loaded<OutputOf<N>> & { key?: string | undefined }>({
    value: undefined,
    error: undefined,
  });
  useEffect(() => {
    if (key === undefined) return undefined;
    return client.watch(
      name,
      JSON.parse(key) as InputOf<N>,
      (value) => setLoaded({ value, error: undefined, key }),
      (error) => setLoaded((before) => ({ value: before.key === key ? before.value : undefined, error, key })),
    );
  }, [client, name, key]);
  return loaded.key === key ? loaded : { value: undefined, error: undefined };
}

/** The input of a command without its id: the id is made per press, so that one press is done once. */
export type CommandInput<N extends NamesOf<'command'>> = Omit<InputOf<N>, 'commandId'>;

export type CommandResult<T> = { ok: true; value: T } | { ok: false; error: ApiError };

/**
 * Runs a command and says on screen what went wrong; `quiet` leaves the saying to the caller.
 * While one run is under way a second press does nothing.
 */
export function useCommand<N extends NamesOf<'command'>>(
  name: N,
  options: { quiet?: boolean } = {},
): { run: (input: CommandInput<N>) => Promise<CommandResult<OutputOf<N>>>; busy: boolean } {
  const client = useClient();
  const [busy, setBusy] = useState(false);
  const running = useRef(false);
  const quiet = options.quiet === true;
  const run = useCallback(
    async (input: CommandInput<N>): Promise<CommandResult<OutputOf<N>>> => {
      if (running.current) return { ok: false, error: new ApiError('aborted', 'This is already being done.') };
      running.current = true;
      setBusy(true);
      try {
        return { ok: true, value: await client.call(name, { ...input, commandId: newId() } as unknown as InputOf<N>) };
      } catch (thrown) {
        const error = asApiError(thrown);
        if (!quiet) notifyError(error);
        return { ok: false, error };
      } finally {
        running.current = false;
        setBusy(false);
      }
    },
    [client, name, quiet],
  );
  return { run, busy };
}
