/** A problem of a graph document: one clear sentence with its place and, where there is one, the fix. */
export type Severity = 'error' | 'warning';

export interface Problem {
  /** Stable machine name, e.g. `cycle_without_limit`. */
  code: string;
  severity: Severity;
  message: string;
  /** JSON Pointer into the document, e.g. `/steps/pay/config/url`. */
  pointer: string;
  step?: string;
  /** What to do, as a sentence in the imperative. */
  fix?: string;
}
