/** What was put before the reviewer, as a form: to read, and in edit mode to change, each field by its type. */
import { NativeSelect, Switch, TextInput, Textarea } from '@mantine/core';
import { formatFieldName } from '../../lib/format.ts';
import type { Edits, Field } from './payload.ts';
import { textOf } from './payload.ts';
import { JsonTree } from '../../ui/json-tree.tsx';
import classes from './inbox.module.css';

function ReadField({ field }: { field: Field }) {
  return (
    <div className={classes.field} data-wide={field.kind === 'long' || field.kind === 'json' || undefined}>
      <dt>{field.label}</dt>
      <dd>
        {field.kind === 'json' ? (
          field.value === null ? (
            <span className={classes.quiet}>nothing</span>
          ) : (
            <JsonTree value={field.value} label={field.label} withCopy={false} />
          )
        ) : field.kind === 'boolean' ? (
          field.value === true ? (
            'Yes'
          ) : (
            'No'
          )
        ) : field.kind === 'choice' ? (
          formatFieldName(String(field.value))
        ) : field.value === '' ? (
          <span className={classes.quiet}>empty</span>
        ) : (
          <span className={field.kind === 'number' ? 'hf-numbers' : classes.text}>{String(field.value)}</span>
        )}
      </dd>
    </div>
  );
}

interface EditFieldProps {
  field: Field;
  typed: string | boolean | undefined;
  message: string | undefined;
  onType: (value: string | boolean) => void;
}

function EditField({ field, typed, message, onType }: EditFieldProps) {
  const text = typeof typed === 'string' ? typed : textOf(field.value);
  const changed = typed !== undefined && typed !== field.value && typed !== textOf(field.value);
  const label = changed ? `${field.label} (changed)` : field.label;
  switch (field.kind) {
    case 'choice':
      return (
        <NativeSelect
          label={label}
          error={message}
          value={text}
          data={(field.choices ?? []).map((choice) => ({ value: choice, label: formatFieldName(choice) }))}
          onChange={(event) => onType(event.currentTarget.value)}
        />
      );
    case 'boolean':
      return (
        <Switch
          className={classes.switch}
          label={label}
          checked={typeof typed === 'boolean' ? typed : field.value === true}
          onChange={(event) => onType(event.currentTarget.checked)}
        />
      );
    case 'number':
    case 'text':
      return (
        <TextInput
          label={label}
          error={message}
          inputMode={field.kind === 'number' ? 'decimal' : 'text'}
          value={text}
          onChange={(event) => onType(event.currentTarget.value)}
        />
      );
    case 'long':
    case 'json':
      return (
        <Textarea
          label={label}
          error={message}
          autosize
          minRows={2}
          maxRows={14}
          className={classes.wide}
          classNames={field.kind === 'json' ? { input: classes.mono } : {}}
          value={text}
          onChange={(event) => onType(event.currentTarget.value)}
        />
      );
  }
}

export interface PayloadFormProps {
  fields: Field[];
  editing: boolean;
  edits: Edits;
  messages: Record<string, string>;
  onEdit: (id: string, value: string | boolean) => void;
}

export function PayloadForm({ fields, editing, edits, messages, onEdit }: PayloadFormProps) {
  const groups = [...new Set(fields.map((field) => field.group))];
  return (
    <>
      {groups.map((group) => {
        const inGroup = fields.filter((field) => field.group === group);
        return (
          <div key={group ?? ''} className={classes.group}>
            {group !== undefined && <h4 className={classes.groupTitle}>{group}</h4>}
            {editing ? (
              <div className={classes.editGrid}>
                {inGroup.map((field) => (
                  <EditField
                    key={field.id}
                    field={field}
                    typed={edits[field.id]}
                    message={messages[field.id]}
                    onType={(value) => onEdit(field.id, value)}
                  />
                ))}
              </div>
            ) : (
              <dl className={classes.fields}>
                {inGroup.map((field) => (
                  <ReadField key={field.id} field={field} />
                ))}
              </dl>
            )}
          </div>
        );
      })}
    </>
  );
}
