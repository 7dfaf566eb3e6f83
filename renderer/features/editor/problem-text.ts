/** A problem's sentence where its step is named already: without the name at its start. Pure. */
import type { Problem } from '../../../shared/workflow/problem.ts';

export function withoutStep(problem: Problem, label: string): string {
  const name = `“${label}”: `;
  return problem.message.startsWith(name) ? problem.message.slice(name.length) : problem.message;
}
