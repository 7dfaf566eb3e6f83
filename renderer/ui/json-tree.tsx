/**
 * JSON as a tree one can read, fold and copy. Opens two levels; long lists and texts show their beginning until asked.
 * Shows data, never interprets it.
 */
import { ActionIcon, Tooltip } from '@mantine/core';
import { Check, ChevronRight, Copy } from 'lucide-react';
import { useState } from 'react';
import { formatCount } from '../lib/format.ts';
import classes from './json-tree.module.css';

const firstEntries = 100;
const firstCharacters = 2000;

export function CopyButton({ text, label = 'Copy' }: { text: string; label?: string }) {
  const [copied, setCopied] = useState(false);
  const copy = () => {
    void navigator.clipboard.writeText(text).then(() => {
      setCopied(true);
      window.setTimeout(() => setCopied(false), 1500);
    });
  };
  return (
    <Tooltip label={copied ? 'Copied' : label}>
      <ActionIcon variant="subtle" color="gray" size="sm" aria-label={copied ? 'Copied' : label} onClick={copy}>
        {copied ? <Check aria-hidden className={classes.icon} /> : <Copy aria-hidden className={classes.icon} />}
      </ActionIcon>
    </Tooltip>
  );
}

function isBranch(value: unknown): value is Record<string, unknown> | unknown[] {
  return typeof value === 'object' && value !== null;
}

function LongText({ value }: { value: string }) {
  const [all, setAll] = useState(false);
  if (all || value.length <= firstCharacters) return <span className={classes.string}>{JSON.stringify(value)}</span>;
  return (
    <>
      <span className={classes.string}>{JSON.stringify(value.slice(0, firstCharacters))}</span>{' '}
      <button type="button" className={classes.toggle} onClick={() => setAll(true)}>
        <span className={classes.key}>Show all {formatCount(value.length)} characters</span>
      </button>
    </>
  );
}

function Leaf({ value }: { value: unknown }) {
  if (typeof value === 'string') return <LongText value={value} />;
  if (typeof value === 'number') return <span className={classes.number}>{String(value)}</span>;
  if (value === undefined) return <span className={classes.nothing}>nothing</span>;
  return <span className={classes.literal}>{String(value)}</span>;
}

function Node({
  name,
  value,
  depth,
  openTo,
}: {
  name?: string | undefined;
  value: unknown;
  depth: number;
  openTo: number;
}) {
  const [open, setOpen] = useState(depth < openTo);
  const [all, setAll] = useState(false);
  const label = name === undefined ? null : <span className={classes.key}>{name}: </span>;
  if (!isBranch(value)) {
    return (
      <li className={classes.leaf}>
        {label}
        <Leaf value={value} />
      </li>
    );
  }
  const entries = Object.entries(value);
  const isList = Array.isArray(value);
  if (entries.length === 0) {
    return (
      <li className={classes.leaf}>
        {label}
        <span className={classes.nothing}>{isList ? 'empty list' : 'empty'}</span>
      </li>
    );
  }
  const shown = all ? entries : entries.slice(0, firstEntries);
  const size = isList
    ? `${entries.length} in the list`
    : `${entries.length} ${entries.length === 1 ? 'field' : 'fields'}`;
  return (
    <li>
      <button type="button" className={classes.toggle} aria-expanded={open} onClick={() => setOpen(!open)}>
        <ChevronRight aria-hidden className={classes.chevron} />
        {name !== undefined && <span className={classes.key}>{name}</span>}
        <span className={classes.size}>{size}</span>
      </button>
      {open && (
        <ul className={classes.children}>
          {shown.map(([key, child]) => (
            <Node key={key} name={key} value={child} depth={depth + 1} openTo={openTo} />
          ))}
          {shown.length < entries.length && (
            <li>
              <button type="button" className={classes.toggle} onClick={() => setAll(true)}>
                Show the other {entries.length - shown.length}
              </button>
            </li>
          )}
        </ul>
      )}
    </li>
  );
}

export interface JsonTreeProps {
  value: unknown;
  /** What this is, for screen readers and the copy button. */
  label: string;
  openTo?: number;
  withCopy?: boolean;
}

export function JsonTree({ value, label, openTo = 2, withCopy = true }: JsonTreeProps) {
  return (
    <div className={classes.tree}>
      {withCopy && value !== undefined && (
        <div className={classes.copy}>
          <CopyButton text={JSON.stringify(value, null, 2)} label={`Copy ${label.toLowerCase()}`} />
        </div>
      )}
      <ul className={classes.root} aria-label={label}>
        {isBranch(value) && Object.keys(value).length > 0 ? (
          Object.entries(value).map(([key, child]) => (
            <Node key={key} name={key} value={child} depth={1} openTo={openTo} />
          ))
        ) : (
          <Node value={value} depth={0} openTo={openTo} />
        )}
      </ul>
    </div>
  );
}
