/** Controls for plain values: text, number, duration, yes or no, choice. */
import { NumberInput, Select, Switch, Textarea, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { ControlProps } from './control-props.ts';
import { readDuration, writeDuration } from './duration.ts';

function asText(value: unknown): string {
  if (typeof value === 'string') return value;
  return value === undefined || value === null ? '' : JSON.stringify(value);
}

/** An optional field that was emptied leaves the document; a required one stays, so that the problem names it. */
function orNothing(text: string, required: boolean): string | undefined {
  return text === '' && !required ? undefined : text;
}

function common({ field, problem }: ControlProps) {
  return { label: field.title, description: field.help, error: problem, withAsterisk: field.required };
}

export function TextControl(props: ControlProps) {
  const { field, value, onChange } = props;
  return (
    <TextInput
      {...common(props)}
      placeholder={field.placeholder ?? ''}
      value={asText(value)}
      onChange={(event) => onChange(orNothing(event.currentTarget.value, field.required))}
    />
  );
}

export function MultilineControl(props: ControlProps) {
  const { field, value, onChange } = props;
  return (
    <Textarea
      {...common(props)}
      placeholder={field.placeholder ?? ''}
      autosize
      minRows={2}
      maxRows={12}
      value={asText(value)}
      onChange={(event) => onChange(orNothing(event.currentTarget.value, field.required))}
    />
  );
}

export function NumberControl(props: ControlProps) {
  const { field, value, onChange } = props;
  return (
    <NumberInput
      {...common(props)}
      placeholder={field.placeholder ?? (typeof field.fallback === 'number' ? String(field.fallback) : '')}
      value={typeof value === 'number' ? value : ''}
      {...(field.minimum === undefined ? {} : { min: field.minimum })}
      {...(field.maximum === undefined ? {} : { max: field.maximum })}
      onChange={(next) => onChange(typeof next === 'number' ? next : undefined)}
    />
  );
}

export interface DurationFieldProps {
  label: string;
  help?: string | undefined;
  problem?: string | undefined;
  /** An empty field keeps the last value instead of taking it out. */
  required?: boolean;
  withAsterisk?: boolean;
  placeholder?: string;
  value: number | undefined;
  onChange: (ms: number | undefined) => void;
}

/** Keeps what is being typed until it is a duration; `5 min`, `90 s` and `1 h 30 min` all are. */
export function DurationField({
  label,
  help,
  problem,
  required = false,
  withAsterisk = false,
  placeholder = 'for example 5 min',
  value,
  onChange,
}: DurationFieldProps) {
  const [typed, setTyped] = useState<string>();
  const unreadable = typed !== undefined && typed.trim() !== '' && readDuration(typed) === undefined;
  const stored = value === undefined ? '' : writeDuration(value);
  // An undo changes the value under what was typed; then the value counts.
  const shown = typed !== undefined && (unreadable || readDuration(typed) === value) ? typed : stored;
  return (
    <TextInput
      label={label}
      description={help}
      withAsterisk={withAsterisk}
      placeholder={placeholder}
      error={unreadable ? 'Write a time such as 30 s, 5 min or 2 h.' : problem}
      value={shown}
      onChange={(event) => {
        const text = event.currentTarget.value;
        setTyped(text);
        const ms = readDuration(text);
        if (ms !== undefined) onChange(ms);
        else if (text.trim() === '' && !required) onChange(undefined);
      }}
      onBlur={() => setTyped(undefined)}
    />
  );
}

export function DurationControl({ field, value, problem, onChange }: ControlProps) {
  return (
    <DurationField
      label={field.title}
      help={field.help}
      problem={problem}
      required={field.required}
      withAsterisk={field.required}
      value={typeof value === 'number' ? value : undefined}
      onChange={onChange}
    />
  );
}

export function ToggleControl({ field, value, problem, onChange }: ControlProps) {
  return (
    <Switch
      label={field.title}
      description={field.help}
      error={problem}
      checked={typeof value === 'boolean' ? value : field.fallback === true}
      onChange={(event) => onChange(event.currentTarget.checked)}
    />
  );
}

export function ChoiceControl(props: ControlProps) {
  const { field, value, onChange } = props;
  const shown = typeof value === 'string' ? value : typeof field.fallback === 'string' ? field.fallback : null;
  return (
    <Select
      {...common(props)}
      data={field.choices}
      value={shown}
      allowDeselect={false}
      comboboxProps={{ withinPortal: true }}
      onChange={(next) => onChange(next ?? undefined)}
    />
  );
}
