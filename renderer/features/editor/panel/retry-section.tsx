/**
 * Retryable: what happens after a technical failure, and nothing else. Decisions by people live in the review section;
 * the two never share a setting.
 */
import { ActionIcon, Button, MultiSelect, NumberInput, Switch } from '@mantine/core';
import { Plus, RotateCw, Trash2 } from 'lucide-react';
import { namedRetryErrors, transientErrors } from '../../../../shared/run/errors.ts';
import { effectOf, type StepManifest } from '../../../../shared/steps/manifest.ts';
import type { Retrier, Retry, Step } from '../../../../shared/workflow/document.ts';
import { errorText, retryText } from '../../../../shared/workflow/describe.ts';
import { problemAt, usePanel } from './panel-context.ts';
import { Section } from './section.tsx';
import { freshRetrier, freshRetry, patch } from './step-edits.ts';
import { DurationField } from './text-controls.tsx';
import classes from './panel.module.css';

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

const retryable = ['*', ...transientErrors, ...namedRetryErrors].map((value) => ({
  value,
  label: value === '*' ? 'Any passing failure' : capital(errorText(value)),
}));

function RetrierForm({
  retrier,
  pointer,
  index,
  onChange,
  onRemove,
}: {
  retrier: Retrier;
  pointer: string;
  index: number;
  onChange: (next: Retrier) => void;
  onRemove?: (() => void) | undefined;
}) {
  const { problems } = usePanel();
  const known = new Set(retryable.map((choice) => choice.value));
  const others = retrier.errors
    .filter((pattern) => !known.has(pattern))
    .map((value) => ({ value, label: errorText(value) }));
  return (
    <div className={classes.card} data-pointer={pointer}>
      <div className={classes.ruleHead}>
        <MultiSelect
          className={classes.grow ?? ''}
          label="After"
          data={[...retryable, ...others]}
          value={retrier.errors}
          error={problemAt(problems, `${pointer}/errors`)}
          onChange={(errors) => {
            if (errors.length > 0) onChange({ ...retrier, errors });
          }}
        />
        {onRemove && (
          <ActionIcon variant="subtle" color="gray" aria-label={`Remove retry rule ${index + 1}`} onClick={onRemove}>
            <Trash2 aria-hidden className={classes.smallIcon} />
          </ActionIcon>
        )}
      </div>
      <div className={classes.pairGrid}>
        <NumberInput
          label="Try again"
          suffix=" times"
          min={0}
          max={1000}
          value={retrier.maxRetries}
          onChange={(next) => typeof next === 'number' && onChange({ ...retrier, maxRetries: Math.round(next) })}
        />
        <DurationField
          label="First wait"
          required
          value={retrier.intervalMs}
          onChange={(ms) => ms !== undefined && onChange({ ...retrier, intervalMs: ms })}
        />
        <NumberInput
          label="Each wait grows"
          prefix="× "
          min={1}
          max={100}
          step={0.5}
          decimalScale={2}
          value={retrier.backoffRate}
          onChange={(next) => typeof next === 'number' && next >= 1 && onChange({ ...retrier, backoffRate: next })}
        />
        <DurationField
          label="Longest wait"
          placeholder="no limit"
          value={retrier.maxDelayMs}
          onChange={(ms) => onChange(patch(retrier, { maxDelayMs: ms }))}
        />
      </div>
      <Switch
        label="Spread the waits"
        description="Many runs then do not all call again at the same moment."
        checked={retrier.jitter === 'full'}
        onChange={(event) => onChange({ ...retrier, jitter: event.currentTarget.checked ? 'full' : 'none' })}
      />
    </div>
  );
}

export interface RetrySectionProps {
  id: string;
  step: Step;
  manifest: StepManifest | undefined;
  onStep: (next: Step) => void;
}

export function RetrySection({ id, step, manifest, onStep }: RetrySectionProps) {
  const retry = step.retry;
  const pointer = `/steps/${id}/retry`;
  const write = (next: Retry) => onStep({ ...step, retry: next });
  const setRetrier = (index: number, retrier: Retrier | undefined) => {
    if (!retry) return;
    const retriers = retrier
      ? retry.retriers.map((old, at) => (at === index ? retrier : old))
      : retry.retriers.filter((_old, at) => at !== index);
    write({ ...retry, retriers });
  };
  return (
    <Section
      title="Retry"
      icon={<RotateCw aria-hidden />}
      summary={retry ? `${retryText(retry)}.` : 'A technical failure is not tried again.'}
      pointer={pointer}
      on={retry !== undefined}
      onToggle={(on) => onStep(patch(step, { retry: on ? freshRetry(effectOf(step, manifest)) : undefined }))}
    >
      {retry && (
        <>
          {retry.retriers.map((retrier, index) => (
            // A rule has no identity beyond its place: the first that matches counts.
            <RetrierForm
              key={index}
              index={index}
              retrier={retrier}
              pointer={`${pointer}/retriers/${index}`}
              onChange={(next) => setRetrier(index, next)}
              onRemove={retry.retriers.length > 1 ? () => setRetrier(index, undefined) : undefined}
            />
          ))}
          <Button
            variant="subtle"
            size="xs"
            className={classes.add ?? ''}
            leftSection={<Plus aria-hidden className={classes.smallIcon} />}
            onClick={() => write({ ...retry, retriers: [...retry.retriers, freshRetrier('rate_limited')] })}
          >
            Add a rule for other failures
          </Button>
          <div className={classes.pairGrid}>
            <DurationField
              label="One try takes at most"
              placeholder="no limit"
              value={retry.attemptTimeoutMs}
              onChange={(ms) => write(patch(retry, { attemptTimeoutMs: ms }))}
            />
            <DurationField
              label="All tries together"
              placeholder="no limit"
              value={retry.totalTimeoutMs}
              onChange={(ms) => write(patch(retry, { totalTimeoutMs: ms }))}
            />
          </div>
        </>
      )}
    </Section>
  );
}
