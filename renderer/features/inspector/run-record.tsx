/** A state record as a short list: which word, since when, why and who. For the run and for a step. */
import type { RunState, Transition } from '../../../shared/run/state.ts';
import { formatActor, formatClock, formatExact } from '../../lib/format.ts';
import { reasonText, wordTitles } from '../../lib/words.ts';
import { StatusShape } from '../../ui/status-badge.tsx';
import classes from './inspector.module.css';

export function Record({ record }: { record: Transition[] }) {
  return (
    <ol className={classes.record}>
      {record.map((transition) => {
        const reason = reasonText(transition.reason);
        const by = transition.by === undefined || transition.by === 'system' ? undefined : formatActor(transition.by);
        return (
          <li key={`${transition.at}-${transition.word}-${transition.reason ?? ''}`} className={classes.transition}>
            <StatusShape word={transition.word} />
            <span className={classes.transitionText}>
              <strong>{wordTitles[transition.word]}</strong>
              {reason !== undefined && <span> {reason}</span>}
              {by !== undefined && <span className={classes.quiet}> · {by}</span>}
            </span>
            <time
              className={classes.clock}
              dateTime={new Date(transition.at).toISOString()}
              title={formatExact(transition.at)}
            >
              {formatClock(transition.at).slice(0, 8)}
            </time>
          </li>
        );
      })}
    </ol>
  );
}

export function RunRecord({ run }: { run: RunState }) {
  return (
    <div className={classes.panelBody}>
      <h2 className={classes.panelTitle}>How it went</h2>
      <Record record={run.record} />
      <p className={classes.hint}>Select a step in the graph or in the list to see what it did.</p>
    </div>
  );
}
