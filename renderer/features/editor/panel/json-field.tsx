/**
 * A field that holds JSON, or one expression that gives it. Keeps what is being typed until it can be read, so that
 * half a bracket never reaches the document.
 */
import { Textarea } from '@mantine/core';
import { useState } from 'react';
import type { ControlProps } from './control-props.ts';
import { readJson, writeJson } from './json-text.ts';
import classes from './panel.module.css';

export interface JsonFieldProps {
  label: string;
  help?: string | undefined;
  problem?: string | undefined;
  required?: boolean;
  placeholder?: string | undefined;
  value: unknown;
  onChange: (value: unknown) => void;
}

export function JsonField({ label, help, problem, required = false, placeholder, value, onChange }: JsonFieldProps) {
  const [typed, setTyped] = useState<string>();
  const read = typed === undefined ? undefined : readJson(typed);
  // An undo changes the value under what was typed; then the value counts.
  const isCurrent = read && (!read.ok || JSON.stringify(read.value) === JSON.stringify(value));
  const shown = typed !== undefined && isCurrent ? typed : writeJson(value);
  return (
    <Textarea
      label={label}
      description={help}
      withAsterisk={required}
      placeholder={placeholder ?? '{ "name": "{{ input.name }}" }'}
      error={read && !read.ok ? read.message : problem}
      autosize
      minRows={2}
      maxRows={16}
      spellCheck={false}
      classNames={{ input: classes.code ?? '' }}
      value={shown}
      onChange={(event) => {
        const text = event.currentTarget.value;
        setTyped(text);
        if (text.trim() === '') {
          onChange(undefined);
          return;
        }
        const next = readJson(text);
        if (next.ok) onChange(next.value);
      }}
      onBlur={() => {
        if (read?.ok !== false) setTyped(undefined);
      }}
    />
  );
}

export function JsonControl({ field, value, problem, onChange }: ControlProps) {
  return (
    <JsonField
      label={field.title}
      help={field.help}
      problem={problem}
      required={field.required}
      placeholder={field.placeholder}
      value={value}
      onChange={onChange}
    />
  );
}
