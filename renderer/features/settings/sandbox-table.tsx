/** The Sandbox systems' own book as a table: when, which system, what, under which key, and the details on request. */
import { ChevronRight } from 'lucide-react';
import { Fragment, useState } from 'react';
import type { SandboxEntry } from '../../../shared/api/contract.ts';
import { formatCount, shortDigest } from '../../lib/format.ts';
import { JsonTree } from '../../ui/json-tree.tsx';
import { TimeText } from '../../ui/values.tsx';
import classes from './settings.module.css';

/** Enough to compare with a run; the whole book is in the data folder. */
const shownEntries = 200;

export function SandboxTable({ entries }: { entries: SandboxEntry[] }) {
  const latest = entries.slice(-shownEntries).reverse();
  const [open, setOpen] = useState<number>();
  return (
    <div className={classes.tableFrame}>
      <table className={classes.table}>
        <thead>
          <tr>
            <th scope="col">When</th>
            <th scope="col">System</th>
            <th scope="col">What was asked</th>
            <th scope="col">Key</th>
            <th scope="col">
              <span className="hf-hidden">Details</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {latest.map((entry, index) => (
            <Fragment key={`${entry.at}-${entry.system}-${entry.resource}-${String(index)}`}>
              <tr>
                <td className={classes.soft}>
                  <TimeText at={entry.at} />
                </td>
                <td>{entry.system}</td>
                <td>
                  {entry.action} <code className="hf-mono">{entry.resource}</code>
                </td>
                <td className={classes.soft}>
                  {entry.key === undefined ? (
                    'none'
                  ) : (
                    <code className="hf-mono" title={entry.key}>
                      {shortDigest(entry.key)}
                    </code>
                  )}
                </td>
                <td className={classes.end}>
                  <button
                    type="button"
                    className={classes.more}
                    aria-expanded={open === index}
                    onClick={() => setOpen(open === index ? undefined : index)}
                  >
                    Details
                    <ChevronRight aria-hidden className={classes.chevron} />
                  </button>
                </td>
              </tr>
              {open === index && (
                <tr>
                  <td colSpan={5} className={classes.details}>
                    <div className={classes.pair}>
                      <section aria-label="What was asked">
                        <h3 className={classes.detailTitle}>What was asked</h3>
                        <JsonTree value={entry.request} label="Request" />
                      </section>
                      <section aria-label="What was done">
                        <h3 className={classes.detailTitle}>What was done</h3>
                        <JsonTree value={entry.result} label="Result" />
                      </section>
                    </div>
                  </td>
                </tr>
              )}
            </Fragment>
          ))}
        </tbody>
      </table>
      {latest.length < entries.length && (
        <p className={classes.note}>
          The latest {latest.length} of {formatCount(entries.length)}.
        </p>
      )}
    </div>
  );
}
