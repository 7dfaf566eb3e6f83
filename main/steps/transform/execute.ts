/**
 * Hands on the value its template was filled with. All the work is done when the config is resolved; this step must
 * never evaluate anything itself.
 */
import type { StepKind } from '../kind.ts';
import { manifest } from './manifest.ts';

export const transformStep: StepKind = {
  manifest,

  validate(config) {
    const other = Object.keys(config).find((name) => name !== 'value');
    if (other !== undefined) return { message: `There is no setting "${other}".`, pointer: `/${other}` };
    if (config['value'] === undefined) return { message: 'Result: say what this step hands on.', pointer: '/value' };
    return undefined;
  },

  async execute(config) {
    return { ok: true, output: config['value'] };
  },
};
