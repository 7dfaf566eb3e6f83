/** What every command is given: where the data is, how to speak, how to reach the application. */
import type { Output } from './output.ts';
import type { OpenApp } from './session.ts';

export interface Command {
  dataDir: string;
  json: boolean;
  output: Output;
  openApp: OpenApp;
  /** A file name as the person wrote it, against the folder they are in. */
  resolve(file: string): string;
}
