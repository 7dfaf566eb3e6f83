/** The document keeps a whole expression between braces; a form shows it without. An emptied optional one is taken out. */
export function wrapExpression(text: string, required: boolean): string | undefined {
  if (text.trim() === '') return required ? '' : undefined;
  return `{{ ${text} }}`;
}
