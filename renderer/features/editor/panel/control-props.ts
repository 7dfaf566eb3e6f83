import type { FormField } from './form-fields.ts';

/** What every control gets. `onChange(undefined)` takes the field out of the config. */
export interface ControlProps {
  field: FormField;
  /** Where the value lives in the document; problems point there and are focused there. */
  pointer: string;
  value: unknown;
  problem: string | undefined;
  onChange: (value: unknown) => void;
}
