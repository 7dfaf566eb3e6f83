// The desktop app as it is, with another database driver: the old Electron of the tests cannot load the product's own.
import { startDesktop } from '../../main/hosts/electron/start.ts';
import { libsql } from '../harness/libsql.ts';

startDesktop({ driver: libsql });
