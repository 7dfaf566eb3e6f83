/** The fields of an object – inputs of the workflow, the answer of a model – as rows; anything richer as JSON. */
import { ActionIcon, Button, Input, Select, Switch, TextInput } from '@mantine/core';
import { Plus, Trash2 } from 'lucide-react';
import type { ControlProps } from './control-props.ts';
import { JsonField } from './json-field.tsx';
import { fieldTypes, freshName, rowsOf, typeWords, withRow, type FieldType } from './schema-model.ts';
import classes from './panel.module.css';

const typeChoices = fieldTypes.map((type) => ({ value: type, label: typeWords[type] }));

export interface SchemaFieldProps {
  label: string;
  help?: string | undefined;
  problem?: string | undefined;
  value: unknown;
  onChange: (value: unknown) => void;
}

export function SchemaField({ label, help, problem, value, onChange }: SchemaFieldProps) {
  const rows = rowsOf(value);
  if (!rows) return <JsonField label={label} help={help} problem={problem} value={value} onChange={onChange} />;
  return (
    <Input.Wrapper label={label} description={help} error={problem} labelElement="div">
      <div className={classes.rows}>
        {rows.map((row, index) => (
          // The name is what is being edited, so a row is known by its place.
          <div key={index} className={classes.schemaRow}>
            <TextInput
              aria-label={`Name of field ${index + 1}`}
              value={row.name}
              error={row.name.trim() === '' || rows.some((other, at) => at !== index && other.name === row.name)}
              classNames={{ input: classes.code ?? '' }}
              onChange={(event) => {
                const name = event.currentTarget.value;
                if (!rows.some((other, at) => at !== index && other.name === name))
                  onChange(withRow(value, index, { ...row, name }));
              }}
            />
            <Select
              aria-label={`Type of ${row.name}`}
              data={typeChoices}
              value={row.type}
              allowDeselect={false}
              onChange={(type) => onChange(withRow(value, index, { ...row, type: (type ?? row.type) as FieldType }))}
            />
            <Switch
              aria-label={`${row.name} is required`}
              title="Required"
              size="xs"
              checked={row.required}
              onChange={(event) => onChange(withRow(value, index, { ...row, required: event.currentTarget.checked }))}
            />
            <ActionIcon
              variant="subtle"
              color="gray"
              aria-label={`Remove ${row.name}`}
              onClick={() => onChange(withRow(value, index, undefined))}
            >
              <Trash2 aria-hidden className={classes.smallIcon} strokeWidth={1.75} />
            </ActionIcon>
          </div>
        ))}
        <Button
          variant="subtle"
          size="xs"
          className={classes.add ?? ''}
          leftSection={<Plus aria-hidden className={classes.smallIcon} />}
          onClick={() =>
            onChange(withRow(value, rows.length, { name: freshName(rows, 'field'), type: 'string', required: false }))
          }
        >
          Add a field
        </Button>
      </div>
    </Input.Wrapper>
  );
}

export function SchemaControl({ field, value, problem, onChange }: ControlProps) {
  return <SchemaField label={field.title} help={field.help} problem={problem} value={value} onChange={onChange} />;
}
