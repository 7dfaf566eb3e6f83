/**
 * Reads a dropped or picked graph file up to the point where the application takes over: size, text, JSON. What is wrong
 * is said with its place. Never judges the graph itself; that is the application's check.
 */

const maxBytes = 20 * 1024 * 1024;

export type GraphFile = { ok: true; document: unknown } | { ok: false; message: string };

/** Line and column of a position in a text, counted from one as editors do. */
export function placeOf(text: string, position: number): { line: number; column: number } {
  const before = text.slice(0, position);
  const line = before.split('\n').length;
  return { line, column: position - before.lastIndexOf('\n') };
}

/** The parser's complaint with the place a person can go to. */
export function parseGraphText(name: string, source: string): GraphFile {
  const text = source.replace(/^\uFEFF/, '');
  if (text.trim() === '')
    return {
      ok: false,
      message: `${name} is empty. Export a workflow from Holdfast to get a file that can be imported.`,
    };
  try {
    return { ok: true, document: JSON.parse(text) };
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    const position = /position (\d+)/.exec(said)?.[1];
    const place = position === undefined ? placeOf(text, text.trimEnd().length) : placeOf(text, Number(position));
    return {
      ok: false,
      message: `${name} is not valid JSON: something is wrong at line ${place.line}, column ${place.column}. Correct it there, or export the workflow again.`,
    };
  }
}

export async function readGraphFile(file: File): Promise<GraphFile> {
  if (file.size > maxBytes)
    return { ok: false, message: `${file.name} is larger than 20 MB, which is the limit for a workflow.` };
  return parseGraphText(file.name, await file.text());
}
