/** The steps of the run as a table: status, attempts, times, cost; also the way to a step without the graph. */
import type { StepManifest } from '../../../shared/steps/manifest.ts';
import { reasonText } from '../../lib/words.ts';
import { KindIcon } from '../../ui/canvas/kind-icon.tsx';
import { StatusBadge } from '../../ui/status-badge.tsx';
import { Countdown, DurationText, MoneyText, TimeText } from '../../ui/values.tsx';
import { costOfStep, endOfStep } from './step-rows.ts';
import type { StepRow } from './step-rows.ts';
import classes from './inspector.module.css';

function Attempts({ row }: { row: StepRow }) {
  const count = row.state?.attempts.length ?? 0;
  const again = row.state?.attempts.filter((attempt) => attempt.repeated).length ?? 0;
  if (count === 0) return <span className={classes.quiet}>–</span>;
  return (
    <>
      {count}
      {again > 0 && <span className={classes.quiet}> ({again} after a crash)</span>}
    </>
  );
}

function Wait({ row }: { row: StepRow }) {
  if (row.word !== 'waiting' || !row.state) return null;
  const { awaits, dueAt } = row.state;
  if (awaits !== undefined)
    return (
      <span className={classes.quiet}>
        for the signal “{awaits}”
        {dueAt !== undefined && (
          <>
            , gives up <Countdown to={dueAt} />
          </>
        )}
      </span>
    );
  const reason = reasonText(row.state.record.at(-1)?.reason ?? row.state.status);
  return (
    <span className={classes.quiet}>
      {reason} {dueAt !== undefined && <Countdown to={dueAt} />}
    </span>
  );
}

export interface StepsTabProps {
  rows: StepRow[];
  manifests: StepManifest[];
  selected: string | undefined;
  onSelect: (stepId: string | undefined) => void;
}

export function StepsTab({ rows, manifests, selected, onSelect }: StepsTabProps) {
  return (
    <div className={classes.tableFrame}>
      <table className={classes.table}>
        <thead>
          <tr>
            <th scope="col">Step</th>
            <th scope="col">Status</th>
            <th scope="col">Attempts</th>
            <th scope="col">Started</th>
            <th scope="col">Took</th>
            <th scope="col" className={classes.right}>
              Cost
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.key} data-selected={row.stepId === selected || undefined}>
              <th scope="row">
                <button
                  type="button"
                  className={classes.stepLink}
                  aria-pressed={row.stepId === selected}
                  onClick={() => onSelect(row.stepId)}
                >
                  <KindIcon name={manifests.find((entry) => entry.kind === row.kind)?.icon} className={classes.icon} />
                  {row.label}
                  {row.place !== undefined && <span className={classes.quiet}>{row.place}</span>}
                </button>
              </th>
              <td>
                <span className={classes.statusCell}>
                  <StatusBadge word={row.word} provisional={row.state?.provisional} />
                  <Wait row={row} />
                </span>
              </td>
              <td className="hf-numbers">
                <Attempts row={row} />
              </td>
              <td className={classes.soft}>
                {row.state?.firstStartedAt === undefined ? '–' : <TimeText at={row.state.firstStartedAt} />}
              </td>
              <td className={classes.soft}>
                {row.state?.firstStartedAt === undefined ? (
                  '–'
                ) : (
                  <DurationText from={row.state.firstStartedAt} to={endOfStep(row.state)} />
                )}
              </td>
              <td className={classes.right}>
                {row.state && costOfStep(row.state) > 0 ? <MoneyText micros={costOfStep(row.state)} /> : '–'}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
