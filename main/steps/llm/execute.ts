/**
 * Asks a language model and hands its answer on only when it has the asked-for shape. Tokens and cost are reported for
 * answers that are refused too: they were spent. Must never guess at an answer that does not fit.
 */
import * as z from 'zod';
import { checkConfig } from '../config.ts';
import { StepFailure } from '../kind.ts';
import type { Outcome, StepKind } from '../kind.ts';
import { manifest } from './manifest.ts';
import { costMicrosOf, longestAnswerTokens, priceTable } from './prices.ts';

const resolved = z.strictObject({
  connection: z.literal('demo', 'There is only the connection "demo"'),
  prompt: z.string('It must be a text').regex(/\S/, 'The question is empty').max(1_000_000, 'The question is too long'),
  system: z.string('It must be a text').max(1_000_000, 'It is too long').optional(),
  output: z.record(z.string(), z.unknown(), 'It must be a JSON Schema').optional(),
});

const titles = { connection: 'Model', prompt: 'Question', system: 'Role and rules', output: 'Shape of the answer' };

/** The Demo model answers at once; people would never see it work. */
const DEMO_LATENCY_MS = 150;

export const llmStep: StepKind = {
  manifest,

  validate(config) {
    const problem = checkConfig(resolved, config, titles);
    if (problem) return problem;
    const shape = config['output'] === undefined ? undefined : shapeOf(config['output']);
    if (shape && !shape.ok) return { message: `Shape of the answer: ${shape.message}`, pointer: '/output' };
    return undefined;
  },

  checkOutput(config, output) {
    const misfit = config['output'] === undefined ? undefined : misfitOf(config['output'], output);
    return misfit === undefined ? undefined : `The edit does not have the shape the step promises: ${misfit}`;
  },

  dependency: (config) => `model:${String(config['connection'])}`,

  estimate(config) {
    // A token is never less than half a character of what is sent, whichever model counts them.
    const sent = ['prompt', 'system', 'output'].reduce((sum, field) => sum + sizeOf(config[field]), 0);
    const usage = { inputTokens: Math.ceil(sent / 2), outputTokens: longestAnswerTokens };
    return { costMicros: costMicrosOf('demo-1', usage) ?? 0, tokens: usage.inputTokens + usage.outputTokens };
  },

  async execute(config, ctx): Promise<Outcome> {
    const { prompt, system, output: outputSchema } = resolved.parse(config);
    await pause(DEMO_LATENCY_MS, ctx.signal);
    const { completeDemo } = await import('./demo/model.ts');
    const completion = completeDemo({
      prompt,
      ...(system === undefined ? {} : { system }),
      ...(outputSchema === undefined ? {} : { outputSchema }),
    });
    const spent: { usage: typeof completion.usage; costMicros?: number } = { usage: completion.usage };
    const costMicros = costMicrosOf(completion.model, completion.usage);
    if (costMicros !== undefined) spent.costMicros = costMicros;
    const details: Record<string, unknown> = { model: completion.model, priceTable: priceTable.version };
    const confidence = confidenceOf(completion.output);
    if (confidence !== undefined) details['confidence'] = confidence;

    const misfit = outputSchema === undefined ? undefined : misfitOf(outputSchema, completion.output);
    if (misfit !== undefined) {
      const message = `The answer of ${completion.model} does not have the shape asked for: ${misfit}`;
      return { ok: false, error: { class: 'invalid_output', code: 'shape', message }, sent: true, ...spent, details };
    }
    return { ok: true, output: completion.output, ...spent, details };
  },
};

function sizeOf(value: unknown): number {
  if (value === undefined) return 0;
  return (typeof value === 'string' ? value : (JSON.stringify(value) ?? '')).length;
}

type Shape = { ok: true; schema: z.ZodType } | { ok: false; message: string };

function shapeOf(jsonSchema: unknown): Shape {
  try {
    return { ok: true, schema: z.fromJSONSchema(jsonSchema as Parameters<typeof z.fromJSONSchema>[0]) };
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : '';
    return { ok: false, message: `It is not a JSON Schema that can be checked${reason ? ` (${reason})` : ''}.` };
  }
}

/** Why a value does not fit a JSON Schema, undefined when it does. */
export function misfitOf(jsonSchema: unknown, value: unknown): string | undefined {
  const shape = shapeOf(jsonSchema);
  if (!shape.ok) return shape.message;
  const parsed = shape.schema.safeParse(value);
  const issue = parsed.success ? undefined : parsed.error.issues[0];
  if (!issue) return undefined;
  return `${issue.path.length > 0 ? issue.path.map(String).join('.') : 'the answer'}: ${issue.message}.`;
}

function confidenceOf(output: unknown): number | undefined {
  const found =
    typeof output === 'object' && output !== null ? (output as { confidence?: unknown }).confidence : undefined;
  return typeof found === 'number' && Number.isFinite(found) ? found : undefined;
}

function pause(durationMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      const { reason } = signal;
      reject(
        reason instanceof StepFailure
          ? reason
          : new StepFailure({ class: 'cancelled', message: 'The question was stopped before it was answered.' }, false),
      );
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, durationMs);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
}
