/** Says when the host is away, without moving anything on the screen. */
import { Plug } from 'lucide-react';
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
    </div>
  );
}
