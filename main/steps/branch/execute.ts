/**
 * Chooses the exit of the first rule that holds. The rules arrive evaluated; this step must never evaluate one itself,
 * and always leaves by exactly one exit.
 */
import * as z from 'zod';
import { stepIdPattern } from '../../../shared/workflow/document.ts';
import { checkConfig } from '../config.ts';
import type { StepKind } from '../kind.ts';
import { manifest } from './manifest.ts';

const OTHERWISE = 'otherwise';
/** Exits every step has, and the one for "no rule holds": a rule of that name could not be told apart. */
const TAKEN = ['out', 'failed', 'rejected', OTHERWISE];

const resolved = z.strictObject({
  rules: z
    .array(
      z.strictObject({
        port: z
          .string('An exit needs a name')
          .regex(stepIdPattern, 'The name of an exit starts with a small letter and has only letters, digits and _')
          .refine((port) => !TAKEN.includes(port), { error: `The names ${TAKEN.join(', ')} are taken` }),
        label: z.string('A label is a text').optional(),
        when: z
          .unknown()
          .refine((when) => when !== undefined, { error: 'A rule needs a condition' })
          // A condition without braces arrives as text; taking it for "true" would send runs the wrong way.
          .refine((when) => typeof when !== 'string', {
            error: 'A condition must give true or false, not a text; write it between {{ and }}',
          }),
      }),
      'It must be a list of rules',
    )
    .min(1, 'There is no rule'),
});

export const branchStep: StepKind = {
  manifest,

  validate(config) {
    const problem = checkConfig(resolved, config, { rules: 'Rules' });
    if (problem) return problem;
    const { rules } = resolved.parse(config);
    const twice = rules.findIndex((rule, index) => rules.findIndex((other) => other.port === rule.port) < index);
    if (twice >= 0) {
      const message = `Rules: the exit "${rules[twice]?.port ?? ''}" is there twice.`;
      return { message, pointer: `/rules/${twice}/port` };
    }
    return undefined;
  },

  async execute(config) {
    const { rules } = resolved.parse(config);
    const chosen = rules.find((rule) => holds(rule.when))?.port ?? OTHERWISE;
    return { ok: true, output: { chosen }, ports: [chosen] };
  },
};

/** True and false as JSONata's `$boolean` sees them: nothing, zero, empty lists and empty objects do not hold. */
function holds(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(holds);
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0;
  return Boolean(value);
}
