/**
 * The one step kind of the simulation, as the step kinds of the product are: it plans, calls the world through its
 * context, and (when it only calculates) thinks for a while, fails, sleeps or hangs.
 */
import { errorClasses, transientErrors } from '../../shared/run/errors.ts';
import { manifests } from '../../main/steps/index.ts';
import type { HttpRequest, Outcome, StepContext, StepKind } from '../../main/steps/kind.ts';
import { StepFailure } from '../../main/steps/kind.ts';
import { signalNames } from './callers.ts';
import type { Scheduler } from '../../main/runtime/scheduler.ts';

interface Luck {
  draw(): number;
  fortune(): number;
}

/** Where the world says whether a change with a key was made: `sim://ask/<key>`. */
export const askedAt = 'sim://ask/';

export function simulatedKind(luck: Luck, scheduler: Scheduler): StepKind {
  const { draw } = luck;
  const httpManifest = manifests.get('http');
  if (!httpManifest) throw new Error('There is no step kind http');

  async function think(ctx: StepContext): Promise<Outcome> {
    await passing(draw() * 500, ctx.signal);
    if (luck.fortune() < 1 && draw() < 0.15) {
      const dueAt = ctx.now() + Math.floor(draw() * 100_000) - 1_000;
      const signal = signalNames[Math.floor(draw() * signalNames.length)];
      if (draw() < 0.5 || signal === undefined) return { suspend: true, dueAt, output: { n: 1 } };
      return { suspend: true, signal, ...(draw() < 0.5 ? { dueAt } : {}) };
    }
    if (draw() >= luck.fortune()) {
      const isHanging = draw() < 0.1;
      if (isHanging) await passing(1_000_000, ctx.signal);
      if (draw() < 0.2) throw new Error('A bug in a step');
      const classes = draw() < 0.7 ? transientErrors : errorClasses;
      const errorClass = classes[Math.floor(draw() * classes.length)] ?? 'code';
      throw new StepFailure({ class: errorClass, message: 'It did not work' }, errorClass !== 'not_sent');
    }
    const output = { n: luck.fortune() === 1 ? 0.5 : draw() * 1.2, confidence: luck.fortune() === 1 ? 1 : draw() };
    return { ok: true, output, costMicros: Math.floor(draw() * 4), ...(draw() < 0.2 ? { ports: ['other'] } : {}) };
  }

  function passing(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = scheduler.set(resolve, ms);
      signal.addEventListener('abort', () => {
        scheduler.clear(timer);
        reject(signal.reason as Error);
      });
    });
  }

  return {
    manifest: { ...httpManifest, kind: 'test' },
    validate: () => undefined,
    dependency: ({ url }) => (String(url).startsWith('sim://pure/') ? undefined : 'sim://world'),
    estimate: () => ({ costMicros: 3, tokens: 1 }),
    plan: (config) => ({ target: `POST ${String(config['url'])}`, request: config }),
    async execute(config, ctx) {
      const url = String(config['url']);
      if (url.startsWith('sim://pure/')) return think(ctx);
      const isRead = url.startsWith('sim://read/') || url.startsWith(askedAt);
      const request: HttpRequest = { method: isRead ? 'GET' : 'POST', url };
      if (!isRead) request.body = config;
      if (ctx.effect.key !== undefined) request.headers = { 'Idempotency-Key': `"${ctx.effect.key}"` };
      const response = await ctx.http(request);
      return { ok: true, output: response.body, costMicros: Math.floor(draw() * 4), response };
    },
  };
}
