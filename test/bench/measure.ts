/**
 * Ratios that survive a shared machine: every sample is divided by a yardstick taken right before and right after it,
 * and a figure is the median of five such ratios. Absolute numbers are printed beside them and mean nothing elsewhere.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';

export const rounds = 5;

export interface Figure {
  /** `one/this`: what was measured and what it is divided by. */
  name: string;
  /** What the product aims at, for the reader's eye. */
  aim: string;
  value: number;
  /** The absolute numbers behind it. */
  measured: string;
}

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** Appends of 4 kB, each made durable, per second: what this disk gives one writer. */
export function fsyncsPerSecond(folder: string, count = 300): number {
  const file = openSync(join(folder, 'yardstick'), 'w');
  const block = Buffer.alloc(4096, 1);
  const start = performance.now();
  for (let index = 0; index < count; index += 1) {
    writeSync(file, block);
    fdatasyncSync(file);
  }
  closeSync(file);
  return (count * 1000) / (performance.now() - start);
}

/** Milliseconds of one of them. */
export function fsyncMs(folder: string): number {
  return 1000 / fsyncsPerSecond(folder);
}

/** Milliseconds until this Node has started and ended, doing nothing. */
export function bareNodeMs(): number {
  return wallMs(['-e', '0']);
}

export function wallMs(args: string[], cwd?: string): number {
  const begin = performance.now();
  const ended = spawnSync(process.execPath, args, { encoding: 'utf8', ...(cwd === undefined ? {} : { cwd }) });
  if (ended.status !== 0) throw new Error(`${args.join(' ')} ended with ${ended.status}: ${ended.stderr}`);
  return performance.now() - begin;
}

export interface Interleaved {
  name: string;
  aim: string;
  measure: (round: number) => number | Promise<number>;
  yardstick: () => number;
  units: [measured: string, yardstick: string];
}

export async function interleaved({ name, aim, measure, yardstick, units }: Interleaved): Promise<Figure> {
  const ratios: number[] = [];
  const measured: number[] = [];
  const yardsticks: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const before = yardstick();
    const one = await measure(round);
    // On both sides: the disk of a shared machine changes its mind within a second.
    const beside = (before + yardstick()) / 2;
    measured.push(one);
    yardsticks.push(beside);
    ratios.push(one / beside);
  }
  const text = `${rounded(median(measured))} ${units[0]}, ${rounded(median(yardsticks))} ${units[1]}`;
  return { name, aim, value: median(ratios), measured: text };
}

export function rounded(value: number): string {
  return value >= 100 ? String(Math.round(value)) : value.toPrecision(3);
}
