/** What a run must be asked for before it starts: required inputs without a default. Pure. */
import { fieldsOf, type FormField } from '../panel/form-fields.ts';

export function inputFields(inputs: Record<string, unknown> | undefined): FormField[] {
  return inputs === undefined ? [] : fieldsOf(inputs);
}

/** A field with a default is never asked for by force. */
export function mustAsk(inputs: Record<string, unknown> | undefined): boolean {
  return inputFields(inputs).some((field) => field.required);
}

export function defaultInput(inputs: Record<string, unknown> | undefined): Record<string, unknown> {
  return Object.fromEntries(
    inputFields(inputs).flatMap((field) => (field.fallback === undefined ? [] : [[field.name, field.fallback]])),
  );
}

/** Names of required fields that are still empty. */
export function missingIn(inputs: Record<string, unknown> | undefined, value: Record<string, unknown>): string[] {
  return inputFields(inputs)
    .filter((field) => field.required && (value[field.name] === undefined || value[field.name] === ''))
    .map((field) => field.name);
}
