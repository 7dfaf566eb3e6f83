/** What every control of the property panel may need beside its own value: the problems of the step and what it can refer to. */
import { createContext, useContext } from 'react';
import type { Problem } from '../../../../shared/workflow/problem.ts';

export interface ValueSource {
  /** JSONata to insert, e.g. `$steps.read.output`. */
  expression: string;
  label: string;
  group: string;
}

export interface PanelContextValue {
  problems: Problem[];
  sources: ValueSource[];
  /** Owners already used in this workflow, for suggestions. */
  owners: string[];
}

export const PanelContext = createContext<PanelContextValue>({ problems: [], sources: [], owners: [] });

/** The first problem at a pointer or below it, as the sentence shown under the field. */
export function problemAt(problems: readonly Problem[], pointer: string): string | undefined {
  const found = problems.find((problem) => problem.pointer === pointer || problem.pointer.startsWith(`${pointer}/`));
  return found?.message;
}

export function usePanel(): PanelContextValue {
  return useContext(PanelContext);
}
