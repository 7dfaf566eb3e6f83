/**
 * The simulated world: what was really done to it, by idempotency key, and how each call goes. It outlives every host: a
 * request that left is done even when the one who sent it died. It must never know what the application believes.
 */
import type { StepError } from '../../shared/run/errors.ts';
import { errorOfAnswer } from '../../main/runtime/http/status.ts';
import { StepFailure, type HttpRequest, type HttpResponse } from '../../main/steps/kind.ts';
import { askedAt } from './steps.ts';
import type { Alive, VirtualTime } from './time.ts';

export interface SimulatedWorld {
  /** By idempotency key: how often it was done. */
  done: ReadonlyMap<string, number>;
  /** Every deed in its order, for the log that is hashed. */
  deeds: readonly string[];
  /** What the application must never do, as sentences. */
  complaints: string[];
  http(request: HttpRequest, signal: AbortSignal, host: Alive): Promise<HttpResponse>;
  /** A machine that slept finds its connections broken. */
  breakConnections(): void;
}

interface Luck {
  draw(): number;
  /** From 0 (nothing works) to 1 (everything does). */
  fortune(): number;
}

const misfortunes = [
  'not_sent',
  'drop_before',
  'drop_after',
  'fail_after_doing',
  'unavailable',
  'rate_limited',
  'refused',
  'stale',
  'garbage',
  'hang_before',
  'hang_after',
  'slow',
] as const;
type Behaviour = 'well' | (typeof misfortunes)[number];

const doesTheWork: readonly Behaviour[] = ['well', 'drop_after', 'fail_after_doing', 'garbage', 'hang_after', 'slow'];

/** Nothing that left is still on its way after this long: people look at the world no sooner. */
export const longestWayMs = 3_000;

export function simulatedWorld(
  time: VirtualTime,
  luck: Luck,
  /** Whether the intent of this key is on the disk now. */
  isAnnounced: (key: string) => boolean,
): SimulatedWorld {
  const done = new Map<string, number>();
  const deeds: string[] = [];
  const complaints: string[] = [];
  const stored = new Map<string, { payload: string; isAnswered: boolean; body: unknown }>();
  const open = new Set<(broken: StepFailure) => void>();

  function doIt(key: string | undefined, url: string): unknown {
    if (key !== undefined) done.set(key, (done.get(key) ?? 0) + 1);
    deeds.push(`${time.elapsed()} ${url} ${key ?? ''}`);
    return answerBody(`deed_${deeds.length}`);
  }

  function answerBody(id: string): Record<string, unknown> {
    const { draw } = luck;
    const isWell = luck.fortune() === 1;
    const confidence = isWell ? 1 : [draw(), draw(), 'high', null][Math.floor(draw() * 4)];
    return { id, n: isWell ? 0.5 : draw() * 1.2, confidence };
  }

  function http(request: HttpRequest, signal: AbortSignal, host: Alive): Promise<HttpResponse> {
    const { method, url } = request;
    const key = request.headers?.['Idempotency-Key']?.replaceAll('"', '');
    const isRead = method === 'GET';
    if (!isRead && key === undefined) complaints.push(`${url} was changed without a key`);
    if (key !== undefined && !isAnnounced(key)) complaints.push(`${url} was called with no intent on the disk`);
    const { draw } = luck;
    const behaviour: Behaviour =
      draw() < luck.fortune() ? 'well' : (misfortunes[Math.floor(draw() * misfortunes.length)] ?? 'well');
    const isKeyed = url.startsWith('sim://idempotent/');
    const payload = JSON.stringify([method, url, request.body]);
    const wayMs = draw() * (draw() < 0.1 ? longestWayMs : 300);
    const answerMs = behaviour === 'slow' ? 5_000 + draw() * 60_000 : draw() * (draw() < 0.1 ? 2_000 : 100);
    const retryAfter = draw() < 0.5 ? String(Math.floor(draw() * 30)) : undefined;

    return new Promise((resolve, reject) => {
      const fail = (error: StepError, sent: boolean): void => finish(() => reject(new StepFailure(error, sent)));
      const broken = (failure: StepFailure): void => finish(() => reject(failure));
      const onAbort = (): void => fail((signal.reason as StepFailure).error, true);
      function finish(settle: () => void): void {
        open.delete(broken);
        signal.removeEventListener('abort', onAbort);
        if (host.isAlive) settle();
      }
      open.add(broken);
      signal.addEventListener('abort', onAbort);
      if (behaviour === 'not_sent') {
        time.after(answerMs, () => fail({ class: 'not_sent', message: `${url} could not be reached.` }, false));
        return;
      }
      time.after(wayMs, arrive);

      /** It is done on arrival, whether anybody still listens or not. */
      function arrive(): void {
        if (url.startsWith(askedAt)) return answer(200, { happened: done.has(url.slice(askedAt.length)) });
        if (isRead) return answer(200, answerBody('read'));
        const known = isKeyed && key !== undefined ? stored.get(key) : undefined;
        if (known && known.payload !== payload) {
          complaints.push(`${url} was called with another request under the same key`);
          return answer(422, { error: { code: 'key_reused', message: 'Another payload' } });
        }
        if (known?.isAnswered === false) return answer(409, { error: { code: 'in_flight', message: 'Still at it' } });
        if (known) return answer(200, known.body);
        if (!doesTheWork.includes(behaviour)) return answer(200, null);
        const body = doIt(key, url);
        const entry = { payload, isAnswered: false, body };
        if (isKeyed && key !== undefined) stored.set(key, entry);
        time.after(answerMs, () => (entry.isAnswered = true));
        answer(200, body);
      }

      function answer(status: number, body: unknown): void {
        if (behaviour === 'hang_before' || behaviour === 'hang_after') return;
        time.after(answerMs, () => {
          switch (behaviour) {
            case 'drop_before':
            case 'drop_after':
              return fail(brokeOff(url), true);
            case 'garbage':
              return fail({ class: 'invalid_output', code: 'body', message: `${url} does not parse.` }, true);
            case 'fail_after_doing':
              return send(500, null);
            case 'unavailable':
              return send(503, null);
            case 'rate_limited':
              return send(429, null);
            case 'refused':
              return send(400, null);
            case 'stale':
              return send(412, null);
            default:
              return send(status, body);
          }
        });
      }

      function send(status: number, body: unknown): void {
        const headers: Record<string, string> = retryAfter === undefined ? {} : { 'retry-after': retryAfter };
        const response: HttpResponse = { status, headers, body };
        const error = errorOfAnswer(`${method} ${url}`, response, time.wall());
        if (error) fail(error, true);
        else finish(() => resolve(response));
      }
    });
  }

  return {
    done,
    deeds,
    complaints,
    http,
    breakConnections() {
      for (const broken of open) broken(new StepFailure(brokeOff('The connection'), true));
    },
  };
}

function brokeOff(what: string): StepError {
  return { class: 'unavailable', message: `${what} broke off before its answer was complete.` };
}
