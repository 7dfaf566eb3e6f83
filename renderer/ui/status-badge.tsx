/**
 * The seven words as people see them: shape, word and colour together, the same on every screen. Also the two positions
 * (pending, skipped), which are quiet on purpose. It shows a word, it never decides one.
 */
import { wordTitles } from '../lib/words.ts';
import type { ShownWord } from '../lib/words.ts';
import classes from './status-badge.module.css';

/** Drawn on a 16 × 16 grid in the current colour. */
function Shape({ word }: { word: ShownWord }) {
  switch (word) {
    case 'started':
      return (
        <>
          <circle cx="8" cy="8" r="6" opacity="0.3" />
          <path d="M8 2a6 6 0 0 1 6 6" />
          <circle cx="8" cy="8" r="2.25" fill="currentColor" stroke="none" />
        </>
      );
    case 'waiting':
      return (
        <>
          <circle cx="8" cy="8" r="6" />
          <path d="M8 4.75V8l2.25 1.5" />
        </>
      );
    case 'confirmed':
      return <path d="m3 8.5 3.25 3.25L13 4.75" />;
    case 'failed':
      return <path d="m4 4 8 8m0-8-8 8" />;
    case 'escalated':
      return (
        <>
          <path d="M8 2.25 14.25 13.25H1.75Z" fill="currentColor" strokeLinejoin="round" />
          <path d="M8 6.25v3.25M8 11.35v.1" className={classes.cut} />
        </>
      );
    case 'rolled_back':
      return <path d="M3 3v3.5h3.5M3.3 6.3A5.5 5.5 0 1 1 2.6 9" />;
    case 'complete':
      return (
        <>
          <circle cx="8" cy="8" r="6.5" fill="currentColor" stroke="none" />
          <path d="m5 8.25 2.25 2.25L11.25 6" className={classes.cut} />
        </>
      );
    case 'pending':
      return <circle cx="8" cy="8" r="5.5" strokeDasharray="2.2 2.2" />;
    case 'skipped':
      return <path d="M3.5 8h9" />;
  }
}

export function StatusShape({ word, className }: { word: ShownWord; className?: string | undefined }) {
  return (
    <svg
      viewBox="0 0 16 16"
      className={`${classes.shape} ${className ?? ''}`}
      data-word={word}
      fill="none"
      stroke="currentColor"
      strokeWidth="2"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden
      focusable="false"
    >
      <Shape word={word} />
    </svg>
  );
}

export interface StatusBadgeProps {
  word: ShownWord;
  /** Done, but not on disk yet: dashed, and said so. */
  provisional?: boolean | undefined;
  /** Shown after the word, in plain words already. */
  note?: string | undefined;
  size?: 'normal' | 'large';
}

export function StatusBadge({ word, provisional, note, size = 'normal' }: StatusBadgeProps) {
  return (
    <span className={classes.badge} data-word={word} data-size={size} data-provisional={provisional || undefined}>
      <StatusShape word={word} />
      <span>{provisional ? 'Done, not saved yet' : wordTitles[word]}</span>
      {note !== undefined && <span className={classes.note}>{note}</span>}
    </span>
  );
}
