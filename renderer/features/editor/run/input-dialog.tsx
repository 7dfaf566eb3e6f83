/** Asks for the input of a run, when it cannot start on defaults alone. */
import { Button, Group, Modal, Stack } from '@mantine/core';
import { useState } from 'react';
import { Control } from '../panel/control.tsx';
import { defaultInput, inputFields, missingIn } from './input-model.ts';

export interface InputDialogProps {
  inputs: Record<string, unknown> | undefined;
  onStart: (input: Record<string, unknown>) => void;
  onClose: () => void;
}

export function InputDialog({ inputs, onStart, onClose }: InputDialogProps) {
  const [value, setValue] = useState(() => defaultInput(inputs));
  const [tried, setTried] = useState(false);
  const missing = new Set(missingIn(inputs, value));
  return (
    <Modal opened onClose={onClose} title="Start a run">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          setTried(true);
          if (missing.size === 0) onStart(value);
        }}
      >
        <Stack>
          {inputFields(inputs).map((field) => (
            <Control
              key={field.name}
              field={field}
              pointer={`/inputs/properties/${field.name}`}
              value={value[field.name]}
              problem={tried && missing.has(field.name) ? 'This is needed to start.' : undefined}
              onChange={(next) => {
                const { [field.name]: _old, ...rest } = value;
                setValue(next === undefined ? rest : { ...rest, [field.name]: next });
              }}
            />
          ))}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit">Run</Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
