/** What the selected step did: status, error with what to do, record, attempts, and its data in and out. */
import { CloseButton, NativeSelect, SegmentedControl } from '@mantine/core';
import { TriangleAlert } from 'lucide-react';
import { useState } from 'react';
import type { StepError } from '../../../shared/run/errors.ts';
import { isUndoKey } from '../../../shared/run/keys.ts';
import type { Attempt, StepState } from '../../../shared/run/state.ts';
import { effectOf } from '../../../shared/steps/manifest.ts';
import type { StepManifest } from '../../../shared/steps/manifest.ts';
import type { WorkflowDocument } from '../../../shared/workflow/document.ts';
import { formatCount, formatFieldName } from '../../lib/format.ts';
import { errorAdvice, errorLine, errorTitles } from '../../lib/words.ts';
import { KindIcon } from '../../ui/canvas/kind-icon.tsx';
import { EffectGlyph } from '../../ui/effect-glyph.tsx';
import { JsonTree } from '../../ui/json-tree.tsx';
import { StatusBadge, StatusShape } from '../../ui/status-badge.tsx';
import { Countdown, DurationText, MoneyText } from '../../ui/values.tsx';
import { Record } from './run-record.tsx';
import type { StepRow } from './step-rows.ts';
import classes from './inspector.module.css';

/** What went wrong and what to do; `step` names the step where that is not clear from the place. */
export function ErrorBox({ error, step }: { error: StepError; step?: string }) {
  return (
    <div className={classes.error}>
      <TriangleAlert aria-hidden className={classes.errorIcon} strokeWidth={1.75} />
      <div>
        <strong>{step === undefined ? errorLine(error) : `“${step}” failed: ${errorTitles[error.class]}`}</strong>
        <p>{error.message}</p>
        <p className={classes.advice}>{errorAdvice[error.class]}</p>
      </div>
    </div>
  );
}

function AttemptItem({ attempt }: { attempt: Attempt }) {
  const word =
    attempt.outcome === 'succeeded'
      ? 'confirmed'
      : attempt.outcome === undefined
        ? 'started'
        : attempt.outcome === 'failed'
          ? 'failed'
          : 'escalated';
  const said = {
    confirmed: 'has a result',
    started: 'goes on',
    failed: 'failed',
    escalated: 'lost when Holdfast stopped',
  }[word];
  const tokens = (attempt.usage?.inputTokens ?? 0) + (attempt.usage?.outputTokens ?? 0);
  const { probed, ...details } = attempt.details ?? {};
  const facts = Object.entries(details).filter(([, value]) => typeof value !== 'object');
  return (
    <li className={classes.attempt}>
      <StatusShape word={word} />
      <div>
        <div>
          Attempt {attempt.attempt} {said}
          {probed ? ': the other system says it had happened' : attempt.repeated && ', done again after a crash'}
        </div>
        <div className={classes.quiet}>
          <DurationText from={attempt.startedAt} to={attempt.endedAt} />
          {attempt.costMicros > 0 && (
            <>
              {' · '}
              <MoneyText micros={attempt.costMicros} />
            </>
          )}
          {tokens > 0 && ` · ${formatCount(tokens)} tokens`}
          {facts.map(([name, value]) => ` · ${formatFieldName(name)} ${String(value)}`)}
        </div>
        {attempt.error && <div className={classes.quiet}>{attempt.error.message}</div>}
      </div>
    </li>
  );
}

function Visit({ state }: { state: StepState }) {
  return (
    <>
      {state.word === 'waiting' && (state.dueAt !== undefined || state.awaits !== undefined) && (
        <p className={classes.due}>
          {state.awaits === undefined ? 'Goes on' : `Waits for the signal “${state.awaits}”`}
          {state.dueAt !== undefined && (
            <>
              {state.awaits === undefined ? ' ' : ', gives up '}
              <Countdown to={state.dueAt} />
            </>
          )}
        </p>
      )}
      {state.error && state.status !== 'confirmed' && <ErrorBox error={state.error} />}
      <h3 className={classes.panelPart}>Record</h3>
      <Record record={state.record} />
      {state.attempts.length > 0 && (
        <>
          <h3 className={classes.panelPart}>Attempts</h3>
          <ol className={classes.attempts}>
            {state.attempts.map((attempt) => (
              <AttemptItem key={attempt.attempt} attempt={attempt} />
            ))}
          </ol>
        </>
      )}
      {state.config !== undefined && (
        <>
          <h3 className={classes.panelPart}>Went in</h3>
          <JsonTree value={state.config} label="What went in" />
        </>
      )}
      {state.output !== undefined && (
        <>
          <h3 className={classes.panelPart}>Came out</h3>
          <JsonTree value={state.output} label="What came out" />
        </>
      )}
    </>
  );
}

/** Which of its rounds and items is shown; what undoes the step is one of them. */
function Choice({ rows, row, onChoose }: { rows: StepRow[]; row: StepRow; onChoose: (key: string) => void }) {
  const data = rows.map((entry) => ({ value: entry.key, label: choiceLabel(entry) }));
  if (rows.length > 3)
    return (
      <NativeSelect
        size="xs"
        aria-label="Which one"
        value={row.key}
        onChange={(event) => onChoose(event.currentTarget.value)}
        data={data}
      />
    );
  return (
    <SegmentedControl size="xs" fullWidth aria-label="Which one" value={row.key} onChange={onChoose} data={data} />
  );
}

function choiceLabel({ key, place }: StepRow): string {
  if (isUndoKey(key)) return place === undefined ? 'Undoing it' : `Undoing ${place}`;
  const text = place ?? 'round 1';
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export interface StepPanelProps {
  /** All visits of the one step. */
  rows: StepRow[];
  document: WorkflowDocument;
  manifests: StepManifest[];
  onClose: () => void;
}

export function StepPanel({ rows, document, manifests, onClose }: StepPanelProps) {
  const [chosen, setChosen] = useState<string>();
  const row = rows.find((entry) => entry.key === chosen) ?? rows.at(-1);
  if (!row) return null;
  const step = document.steps[row.stepId];
  const manifest = manifests.find((entry) => entry.kind === row.kind);
  return (
    <div className={classes.panelBody}>
      <div className={classes.panelHead}>
        <KindIcon name={manifest?.icon} className={classes.icon} />
        <h2 className={classes.panelTitle}>{row.label}</h2>
        <CloseButton size="sm" aria-label="Close the step" onClick={onClose} />
      </div>
      <div className={classes.panelMarks}>
        <StatusBadge word={row.word} provisional={row.state?.provisional} />
        {step && <EffectGlyph effect={effectOf(step, manifest)} withWords />}
      </div>
      {rows.length > 1 && <Choice rows={rows} row={row} onChoose={setChosen} />}
      {row.state ? <Visit state={row.state} /> : <p className={classes.hint}>The run has not come this far.</p>}
    </div>
  );
}
