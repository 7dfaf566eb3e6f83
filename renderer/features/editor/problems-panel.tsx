/** What is wrong with the workflow, as sentences; a press goes to the step and its field. */
import { CloseButton } from '@mantine/core';
import { CircleAlert, TriangleAlert } from 'lucide-react';
import type { Problem } from '../../../shared/workflow/problem.ts';
import { countOf } from '../../lib/format.ts';
import { withoutStep } from './problem-text.ts';
import classes from './problems-panel.module.css';

export function problemsTitle(problems: readonly Problem[]): string {
  if (problems.length === 0) return 'No problems';
  const errors = problems.filter((problem) => problem.severity === 'error').length;
  const warnings = problems.length - errors;
  return [
    ...(errors > 0 ? [countOf(errors, 'problem')] : []),
    ...(warnings > 0 ? [countOf(warnings, 'warning')] : []),
  ].join(', ');
}

export interface ProblemsPanelProps {
  problems: readonly Problem[];
  /** Said above the list, e.g. why a run did not start. */
  reason?: string | undefined;
  labelOf: (step: string) => string;
  onOpen: (problem: Problem) => void;
  onClose: () => void;
}

export function ProblemsPanel({ problems, reason, labelOf, onOpen, onClose }: ProblemsPanelProps) {
  return (
    <section className={classes.panel} aria-label="Problems">
      <header className={classes.head}>
        <h2 className={classes.title}>{problemsTitle(problems)}</h2>
        {reason !== undefined && problems.length > 0 && <p className={classes.reason}>{reason}</p>}
        <CloseButton size="sm" aria-label="Hide the problems" onClick={onClose} />
      </header>
      {problems.length === 0 ? (
        <p className={classes.none}>This workflow can run.</p>
      ) : (
        <ul className={classes.list}>
          {problems.map((problem) => {
            const Icon = problem.severity === 'error' ? CircleAlert : TriangleAlert;
            return (
              <li key={`${problem.code} ${problem.pointer} ${problem.message}`}>
                <button
                  type="button"
                  className={classes.row}
                  data-severity={problem.severity}
                  onClick={() => onOpen(problem)}
                >
                  <Icon
                    aria-label={problem.severity === 'error' ? 'Problem' : 'Warning'}
                    className={classes.icon}
                    strokeWidth={1.75}
                  />
                  <span className={classes.text}>
                    <span>
                      {problem.step === undefined ? problem.message : withoutStep(problem, labelOf(problem.step))}
                    </span>
                    {problem.fix !== undefined && <span className={classes.fix}>{problem.fix}</span>}
                  </span>
                  {problem.step !== undefined && <span className={classes.step}>{labelOf(problem.step)}</span>}
                </button>
              </li>
            );
          })}
        </ul>
      )}
    </section>
  );
}
