/** Says when the host is away, without moving anything on the screen, and what to do when it will not take us back. */
import { Plug, Unplug } from 'lucide-react';
import { useConnection } from '../../client.ts';
import classes from './frame.module.css';

export function ConnectionNotice() {
  const state = useConnection((store) => store.state);
  return (
    <div role="status" className={classes.noticeArea}>
      {state === 'lost' && (
        <div className={classes.notice}>
          <Plug aria-hidden className={classes.noticeIcon} strokeWidth={1.75} />
          Connection to Holdfast lost – trying again
        </div>
      )}
      {state === 'refused' && (
        <div className={classes.notice}>
          <Unplug aria-hidden className={classes.noticeIcon} strokeWidth={1.75} />
          Holdfast does not know this window. Open the address that Holdfast printed when it started.
        </div>
      )}
    </div>
  );
}
