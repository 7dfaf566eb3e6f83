/**
 * Fields that hold expressions: one whole expression, or text with `{{ … }}` in it. A menu inserts what the step can
 * refer to, so that nobody has to know the names by heart. What is written is parsed, never evaluated.
 */
import { ActionIcon, Menu, Textarea } from '@mantine/core';
import { Braces } from 'lucide-react';
import { useRef, useState } from 'react';
import { expressionText, templateParts } from '../../../../shared/workflow/template.ts';
import { parseExpression } from '../expression.ts';
import type { ControlProps } from './control-props.ts';
import { wrapExpression } from './expression-text.ts';
import { usePanel, type ValueSource } from './panel-context.ts';
import classes from './panel.module.css';

function ValueMenu({ onPick }: { onPick: (expression: string) => void }) {
  const { sources } = usePanel();
  if (sources.length === 0) return null;
  const groups = new Map<string, ValueSource[]>();
  for (const source of sources) groups.set(source.group, [...(groups.get(source.group) ?? []), source]);
  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="sm" aria-label="Insert a value" title="Insert a value">
          <Braces aria-hidden className={classes.smallIcon} strokeWidth={1.75} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown className={classes.values} tabIndex={0}>
        {[...groups].map(([group, entries]) => (
          <div key={group}>
            <Menu.Label>{group}</Menu.Label>
            {entries.map((entry) => (
              <Menu.Item key={entry.expression} onClick={() => onPick(entry.expression)}>
                <span>{entry.label}</span>
                <span className={classes.valueCode}>{entry.expression}</span>
              </Menu.Item>
            ))}
          </div>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

export interface ExpressionFieldProps {
  label: string;
  help?: string | undefined;
  problem?: string | undefined;
  required?: boolean;
  placeholder?: string | undefined;
  /** Text with templates in it, instead of one expression. */
  template?: boolean;
  rows?: number;
  value: string;
  onChange: (value: string) => void;
}

function fault(value: string, template: boolean): string | undefined {
  if (value.trim() === '') return undefined;
  if (!template) return parseExpression(value)?.message;
  const { parts, problem } = templateParts(value);
  if (problem) return problem.message;
  for (const part of parts) {
    const found = part.type === 'expression' ? parseExpression(part.expression)?.message : undefined;
    if (found !== undefined) return `In {{ ${part.type === 'expression' ? part.expression : ''} }}: ${found}`;
  }
  return undefined;
}

export function ExpressionField(props: ExpressionFieldProps) {
  const {
    label,
    help,
    problem,
    required = false,
    placeholder,
    template = false,
    rows = 1,
    value: stored,
    onChange: write,
  } = props;
  const area = useRef<HTMLTextAreaElement>(null);
  // The document keeps expressions without outer blanks; while one types, a blank at the end must not vanish.
  const [typed, setTyped] = useState<string>();
  const value = typed !== undefined && typed.trim() === stored.trim() ? typed : stored;
  const onChange = (text: string) => {
    setTyped(text);
    write(text);
  };
  const insert = (expression: string) => {
    const element = area.current;
    const text = template ? `{{ ${expression} }}` : expression;
    const start = element?.selectionStart ?? value.length;
    const end = element?.selectionEnd ?? value.length;
    onChange(value.slice(0, start) + text + value.slice(end));
    window.requestAnimationFrame(() => {
      element?.focus();
      element?.setSelectionRange(start + text.length, start + text.length);
    });
  };
  return (
    <Textarea
      ref={area}
      label={label}
      description={help}
      withAsterisk={required}
      placeholder={placeholder ?? ''}
      error={fault(value, template) ?? problem}
      autosize
      minRows={rows}
      maxRows={14}
      classNames={{ input: classes.code ?? '' }}
      spellCheck={false}
      rightSection={<ValueMenu onPick={insert} />}
      rightSectionProps={{ className: classes.topSection ?? '' }}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}

/** The document keeps a whole expression between braces; the form shows it without them. */
export function ExpressionControl({ field, value, problem, onChange }: ControlProps) {
  return (
    <ExpressionField
      label={field.title}
      help={field.help}
      problem={problem}
      required={field.required}
      placeholder={field.placeholder}
      value={typeof value === 'string' ? expressionText(value) : ''}
      onChange={(text) => onChange(wrapExpression(text, field.required))}
    />
  );
}

export function TemplateControl({ field, value, problem, onChange }: ControlProps) {
  const shown = typeof value === 'string' ? value : value === undefined ? '' : JSON.stringify(value, null, 2);
  return (
    <ExpressionField
      label={field.title}
      help={field.help}
      problem={problem}
      required={field.required}
      placeholder={field.placeholder}
      template
      rows={shown.length > 60 || shown.includes('\n') ? 4 : 1}
      value={shown}
      onChange={(text) => onChange(text === '' && !field.required ? undefined : text)}
    />
  );
}
