/** The mark: two posts held together by a line that is fast on both, an H. */
import classes from './frame.module.css';

export function Logo() {
  return (
    <svg viewBox="0 0 32 32" className={classes.logo} aria-hidden focusable="false">
      <rect x="1" y="1" width="30" height="30" rx="8" className={classes.logoGround} />
      <path d="M10.5 8v16M21.5 8v16M10.5 18.5c4.5 0 6.5-5 11-5" className={classes.logoLine} />
      <circle cx="10.5" cy="18.5" r="2.4" className={classes.logoDot} />
      <circle cx="21.5" cy="13.5" r="2.4" className={classes.logoDot} />
    </svg>
  );
}
