/** The data of the run: what it was given, what it gave, and what each step made of it. */
import type { RunState } from '../../../shared/run/state.ts';
import { JsonTree } from '../../ui/json-tree.tsx';
import type { StepRow } from './step-rows.ts';
import classes from './inspector.module.css';

export function DataTab({ run, rows }: { run: RunState; rows: StepRow[] }) {
  const withOutput = rows.filter((row) => row.state?.output !== undefined);
  return (
    <div className={classes.data}>
      <section aria-label="What the run was given">
        <h3 className={classes.dataTitle}>Given to the run</h3>
        <JsonTree value={run.input} label="Run input" />
      </section>
      <section aria-label="What the run gave">
        <h3 className={classes.dataTitle}>Result of the run</h3>
        {run.output === undefined ? (
          <p className={classes.hint}>
            {run.end === undefined ? 'There is a result once the run is complete.' : 'The run ended without a result.'}
          </p>
        ) : (
          <JsonTree value={run.output} label="Run output" />
        )}
      </section>
      {withOutput.map((row) => (
        <section key={row.key} aria-label={row.label}>
          <h3 className={classes.dataTitle}>
            {row.label}
            {row.place !== undefined && <span className={classes.quiet}> {row.place}</span>}
          </h3>
          <JsonTree value={row.state?.output} label={`Output of ${row.label}`} />
        </section>
      ))}
    </div>
  );
}
