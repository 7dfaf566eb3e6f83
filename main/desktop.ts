/** Entry of the desktop app. Everything is in hosts/electron, so that a test can start the same with another driver. */
import { startDesktop } from './hosts/electron/start.ts';

startDesktop();
