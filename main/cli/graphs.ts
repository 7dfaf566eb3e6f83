/** `holdfast check`, `export` and `import`: graph files in and out. A bad file changes nothing, not even partly. */
import { randomUUID } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';
import type { Client, WorkflowDraft } from '../../shared/api/contract.ts';
import { canonicalText } from '../../shared/workflow/canonical.ts';
import type { WorkflowDocument } from '../../shared/workflow/document.ts';
import type { Command } from './command.ts';
import { checkFile, isApiError, problemText, readGraph } from './graph-file.ts';
import { CliFailure } from './output.ts';
import { once, openSession } from './session.ts';

export async function check(command: Command, file: string): Promise<number> {
  const { problems } = await checkFile(command.resolve(file));
  if (command.json) for (const problem of problems) command.output.line(problem);
  else if (problems.length === 0) command.output.result(null, `${file}: no problems.`);
  else
    for (const problem of problems) command.output.result(null, `${problem.severity}  ${problemText(file, problem)}`);
  return problems.some((problem) => problem.severity === 'error') ? 2 : 0;
}

export async function importFiles(command: Command, files: string[]): Promise<number> {
  const documents: WorkflowDocument[] = [];
  // All are read before the first is stored, so that a bad one leaves nothing behind.
  for (const file of files) documents.push(await readGraph(command.resolve(file)));
  const session = await openSession(command.dataDir, command.openApp);
  try {
    for (const [index, document] of documents.entries()) {
      const known = await existing(session.client, document);
      const draft = known ?? (await session.client.call('workflows.create', { commandId: randomUUID(), document }));
      const result = {
        file: files[index],
        workflow: draft.id,
        name: draft.document.name,
        existing: known !== undefined,
      };
      command.output.result(result, `${draft.id}  ${draft.document.name}${known ? ' (was already here)' : ''}`);
    }
    return 0;
  } finally {
    await session.close();
  }
}

async function existing(client: Client, document: WorkflowDocument): Promise<WorkflowDraft | undefined> {
  try {
    const draft = await client.call('workflows.get', { id: document.id });
    return canonicalText(draft.document) === canonicalText(document) ? draft : undefined;
  } catch (error) {
    if (isApiError(error, 'not_found')) return undefined;
    throw error;
  }
}

export async function exportWorkflow(command: Command, workflow: string, file: string | undefined): Promise<number> {
  const session = await openSession(command.dataDir, command.openApp);
  try {
    const drafts = await once(session.client, 'workflows.list', {});
    const byName = drafts.filter((draft) => draft.name === workflow);
    const found = drafts.find((draft) => draft.id === workflow) ?? (byName.length === 1 ? byName[0] : undefined);
    if (!found) {
      const why =
        byName.length > 1
          ? `${byName.length} workflows are called ${workflow}; use the id`
          : `There is no workflow ${workflow}`;
      throw new CliFailure(2, `${why}. Known: ${drafts.map((draft) => draft.id).join(', ') || 'none'}.`);
    }
    const { text } = await session.client.call('workflows.export', { id: found.id });
    if (file === undefined) {
      process.stdout.write(text);
      return 0;
    }
    const target = command.resolve(file);
    await writeWhole(target, text);
    command.output.result({ workflow: found.id, file: target }, `${found.name} was written to ${file}.`);
    return 0;
  } finally {
    await session.close();
  }
}

/** Either the whole text is there afterwards or the file is what it was. */
async function writeWhole(file: string, text: string): Promise<void> {
  const aside = `${file}.${randomUUID()}.part`;
  try {
    await writeFile(aside, text, { flag: 'wx' });
    await rename(aside, file);
  } catch (error) {
    await rm(aside, { force: true });
    const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : String(error);
    throw new CliFailure(2, `${file} cannot be written (${code}); choose another place.`);
  }
}
