/**
 * Makes zod interpret its schemas instead of compiling them: the page's content security policy forbids `new Function`,
 * and the main process has no use for generated code either. Import it before the first schema is built.
 */
import * as z from 'zod';

z.config({ jitless: true });
