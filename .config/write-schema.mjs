// Writes resources/workflow.schema.json from the zod schema: `node .config/write-schema.mjs` after changing the format.
// Must never be needed at run time: the file is in Git, and a test says when it is stale.
import './guard.mjs';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { workflowJsonSchema } from '../shared/workflow/schema.ts';

const file = path.resolve(import.meta.dirname, '../resources/workflow.schema.json');
writeFileSync(file, `${JSON.stringify(workflowJsonSchema(), null, 2)}\n`);
console.log(`Wrote ${path.relative(process.cwd(), file)}`);
