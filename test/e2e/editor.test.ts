/**
 * The editor by mouse and keyboard in a real browser against the real host: whatever is done on the canvas or in a field
 * is looked for in the exported document as well as on the screen.
 */
import { describe, expect, it } from 'vitest';
import { draughtsman } from '../harness/draughtsman.ts';
import { visitor } from '../harness/first-minute.ts';
import { useStage } from '../harness/stage.ts';

const stage = useStage();

/** Labels of the steps, in the order of the document. */
function labels(document: { steps: Record<string, { label?: string | undefined }> }): (string | undefined)[] {
  return Object.values(document.steps).map((step) => step.label);
}

describe('drawing', () => {
  it('a step is pressed, another dragged in; they are wired, moved, deleted, and each of it undone and redone', async () => {
    const { page } = stage;
    const hand = draughtsman(page);
    await hand.startEmpty();
    await hand.add('Make a value');
    await hand.dropOnCanvas('Wait', { x: 140, y: 120 });
    let saved = await hand.document();
    expect(labels(saved)).toEqual(['Make a value', 'Wait']);
    expect(saved.edges).toEqual([]);

    await hand.wire('Make a value', 'Wait');
    await page.getByRole('group', { name: 'From Make a value to Wait' }).waitFor({ state: 'attached' });
    saved = await hand.document();
    const [from, to] = Object.keys(saved.steps);
    expect(saved.edges.map((edge) => [edge.from.step, edge.from.port, edge.to.step])).toEqual([[from, 'out', to]]);

    const before = saved.layout?.[to ?? ''];
    await hand.moveCard('Wait', { x: 64, y: 96 });
    const moved = (await hand.document()).layout?.[to ?? ''];
    expect(moved?.x).toBeGreaterThan(before?.x ?? Infinity);
    expect(moved?.y).toBeGreaterThan(before?.y ?? Infinity);

    await hand.card('Wait').click();
    await page.keyboard.press('Delete');
    await hand.card('Wait').waitFor({ state: 'detached' });
    saved = await hand.document();
    expect(labels(saved)).toEqual(['Make a value']);
    expect(saved.edges).toEqual([]);

    await page.getByRole('button', { name: /^Undo: / }).click();
    await hand.card('Wait').waitFor();
    saved = await hand.document();
    expect(saved.edges).toHaveLength(1);
    expect(saved.layout?.[to ?? '']).toEqual(moved);
    await page.keyboard.press('Control+z');
    expect((await hand.document()).layout?.[to ?? '']).toEqual(before);
    await page.getByRole('button', { name: /^Redo: / }).click();
    expect((await hand.document()).layout?.[to ?? '']).toEqual(moved);
    await page.keyboard.press('Control+Shift+Z');
    await hand.card('Wait').waitFor({ state: 'detached' });
    expect(labels(await hand.document())).toEqual(['Make a value']);
  });

  it('a wire dropped in the open offers what can follow, and a wire that may not be says why', async () => {
    const { page } = stage;
    const hand = draughtsman(page);
    await hand.startEmpty();
    await hand.add('Make a value');
    await hand.add('Choose a path');
    await hand.wire('Make a value', 'Choose a path');
    await page
      .getByText(/already/i)
      .first()
      .waitFor();
    expect((await hand.document()).edges).toHaveLength(1);
  });
});

describe('the property form', () => {
  it('a text, a choice, a duration and the rule of a branch are edited in the fields of their step', async () => {
    const { page } = stage;
    const hand = draughtsman(page);
    await visitor(page).openSample('Delivery follow-up');
    await hand.card('Look at the order').click();
    await hand.panel.getByLabel('Label').fill('Where is it?');
    await hand.card('Where is it?').waitFor();
    await hand.panel.getByRole('combobox', { name: /^What to do/ }).click();
    await page.getByRole('option', { name: 'Look only (HEAD)' }).click();
    await hand.card('Give it a moment').click();
    await hand.panel.getByLabel('How long').fill('1 h 30 min');
    await hand.card('Where is it?').click();
    await page.getByRole('navigation', { name: 'Steps to add' }).getByRole('button', { name: 'Choose a path' }).click();
    await hand.card('Choose a path').waitFor();
    await hand.panel.getByLabel('Name of rule 1').fill('It is late');
    await hand.panel.getByRole('textbox', { name: /^When/ }).fill("$steps.look.output.status = 'late'");

    const saved = await hand.document();
    expect(saved.steps['look']).toMatchObject({ label: 'Where is it?', config: { method: 'HEAD' } });
    expect(saved.steps['pause']).toMatchObject({ config: { durationMs: 5_400_000 } });
    const branch = Object.values(saved.steps).find((step) => step.kind === 'branch');
    expect(branch?.config).toEqual({
      rules: [{ port: 'yes', label: 'It is late', when: "{{ $steps.look.output.status = 'late' }}" }],
    });
  });
});

describe('the three marks', () => {
  it('are toggled by a click on the card and by R, C and G; the one that cannot be taken says why', async () => {
    const { page } = stage;
    const hand = draughtsman(page);
    await hand.startEmpty();
    await hand.add('Ask a model');
    const [id = ''] = Object.keys((await hand.document()).steps);
    const marks = async () => {
      const step = (await hand.document()).steps[id];
      return [step?.retry !== undefined, step?.checkpoint === true, step?.gates !== undefined];
    };
    const [retry, checkpoint, review] = await marks();
    for (const name of [/^Retryable/, /^Checkpointed/, /^Review-gated/])
      await hand.card('Ask a model').getByRole('button', { name }).click();
    expect(await marks()).toEqual([!retry, !checkpoint, !review]);
    await hand.card('Ask a model').click();
    for (const key of ['r', 'c', 'g']) await page.keyboard.press(key);
    expect(await marks()).toEqual([retry, checkpoint, review]);
    await page.keyboard.press('g');
    const review2 = hand.card('Ask a model').getByRole('button', { name: /^Review-gated/ });
    expect(await review2.getAttribute('aria-pressed')).toBe(String(!review));

    await hand.add('Call a system');
    await hand.panel.getByRole('combobox', { name: /^What to do/ }).click();
    await page.getByRole('option', { name: /POST/ }).click();
    await hand
      .card('Call a system')
      .getByRole('button', { name: /^Checkpointed/ })
      .click();
    await page
      .getByText(/changes another system, so its result is always saved/)
      .first()
      .waitFor();
    const call = Object.values((await hand.document()).steps).find((step) => step.kind === 'http');
    expect(call?.checkpoint).toBe(true);
  });
});

describe('problems', () => {
  it('one appears while it is typed, a press leads to its field, Run refuses, and once fixed it is gone', async () => {
    const { page } = stage;
    const hand = draughtsman(page);
    await visitor(page).openSample('Refund request');
    await page.getByRole('button', { name: 'No problems' }).waitFor();
    await hand.card('Propose a decision').click();
    const done = hand.panel.getByRole('textbox', { name: 'Done when' });
    await done.fill('output.amount >=');
    await page.getByRole('button', { name: '1 problem' }).waitFor();
    await hand.card('Read the order').click();
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    const problems = page.getByRole('region', { name: 'Problems' });
    await problems.getByText('The run did not start').waitFor();
    await problems.getByRole('listitem').getByRole('button').click();
    await expect.poll(() => done.evaluate((field) => field === document.activeElement)).toBe(true);
    await page.keyboard.type(' 0');
    await page.getByRole('button', { name: 'No problems' }).waitFor();
    expect((await hand.document()).steps['decide']?.doneWhen).toBe('{{ output.amount >= 0 }}');
    await page.getByRole('navigation').getByRole('link', { name: /^Runs/ }).click();
    await page.getByText('Nothing has run yet').waitFor();
  });
});

describe('running from the editor', () => {
  it('the run lights up the same canvas, which cannot be edited meanwhile', async () => {
    const { page } = stage;
    const hand = draughtsman(page);
    const person = visitor(page);
    await person.openSample('Refund request');
    await person.run();
    await person.sees(/Waits for Finance lead/);
    await hand.card('Read the order').getByText('confirmed').waitFor();
    await hand.card('Propose a decision').getByText('waiting for review').waitFor();
    expect(await page.getByRole('navigation', { name: 'Steps to add' }).isVisible()).toBe(false);
    await hand.card('Read the order').click();
    await page.keyboard.press('Delete');
    await page.getByRole('button', { name: 'Back to editing' }).click();
    await hand.card('Read the order').waitFor();
    expect(labels(await hand.document())).toHaveLength(7);
  });

  it('a required input without a default is asked for, and the run is given what was written', async () => {
    const { page } = stage;
    const hand = draughtsman(page);
    await hand.startEmpty();
    await hand.add('Make a value');
    await page.keyboard.press('Escape');
    await hand.panel.getByRole('button', { name: 'Add a field' }).click();
    await hand.panel.getByRole('textbox', { name: /name/i }).last().fill('customer');
    await hand.panel.getByRole('switch').last().press(' ');
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    const dialog = page.getByRole('dialog', { name: 'Start a run' });
    await dialog.getByRole('button', { name: 'Run' }).click();
    await dialog.getByText('This is needed to start.').waitFor();
    await dialog.getByLabel(/customer/i).fill('Mara');
    await dialog.getByRole('button', { name: 'Run' }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByText('"Mara"').first().waitFor();
    await page.getByRole('region', { name: 'Run' }).getByText('Complete').waitFor();
  });
});

describe('nothing written is lost', () => {
  it('the host is killed: what was saved is there, what was typed meanwhile is saved when it comes back', async () => {
    const { page } = stage;
    const hand = draughtsman(page);
    await visitor(page).openSample('Refund request');
    await hand.card('Read the order').click();
    const label = hand.panel.getByLabel('Label');
    const typedAt = performance.now();
    await label.fill('Read it first');
    await page
      .getByRole('status')
      .filter({ hasText: /^Saving/ })
      .waitFor();
    await hand.saved();
    expect(performance.now() - typedAt).toBeLessThan(2_000);
    await stage.killHost();
    await visitor(page).sees(/trying again/i);
    await label.fill('Read it again');
    await stage.restartHost();
    await hand.saved();
    await page.reload();
    await hand.card('Read it again').waitFor();
    expect((await hand.document()).steps['read']?.label).toBe('Read it again');
  });

  it('two windows on one workflow: the later one is told, nothing is overwritten, and its version becomes a copy', async () => {
    const { page } = stage;
    const hand = draughtsman(page);
    await visitor(page).openSample('Invoice triage');
    const address = page.url();
    const other = await stage.secondPage();
    const rival = draughtsman(other);
    await other.goto(address);
    await rival.panel.waitFor();
    await hand.panel.getByLabel('Description').fill('Written in the first window');
    await hand.saved();
    expect((await hand.document()).description).toBe('Written in the first window');
    await rival.panel.getByLabel('Description').fill('Written in the second window');
    await other
      .getByRole('alert')
      .getByText(/changed in another window/)
      .waitFor();
    expect((await hand.document()).description).toBe('Written in the first window');
    await other.getByRole('button', { name: 'Keep mine as a copy' }).click();
    await other.getByRole('alert').waitFor({ state: 'detached' });
    await rival.saved();
    expect((await rival.document()).description).toBe('Written in the second window');
    await page.reload();
    await hand.panel.getByText('Written in the first window').waitFor();
  });
});

describe('a file from elsewhere', () => {
  const graph = (more: object) =>
    JSON.stringify({
      formatVersion: 1,
      id: 'wf_gap',
      name: 'Gap',
      steps: { a: { kind: 'transform', kindVersion: 1, label: 'First', config: { value: 1 } } },
      edges: [],
      ...more,
    });
  const importFile = async (name: string, text: string): Promise<void> => {
    const { page } = stage;
    const choosing = page.waitForEvent('filechooser');
    await page.getByRole('button', { name: 'Import a file' }).click();
    const buffer = Buffer.from(text);
    await (await choosing).setFiles({ name, mimeType: 'application/json', buffer });
  };

  it.each([
    ['is no JSON', 'notes.json', 'not a graph', /notes\.json is not valid JSON.*line 1/],
    ['has an unknown field', 'red.json', graph({ colour: 'red' }), /red\.json was not imported.*\/colour/],
    ['is from the future', 'new.json', graph({ formatVersion: 9 }), /new\.json was not imported.*newer version/],
  ])('one that %s: one sentence says which and where, and nothing is left behind', async (_what, name, text, said) => {
    const { page } = stage;
    await importFile(name, text);
    await page.getByRole('alert').getByText(said).waitFor();
    await page.getByRole('button', { name: 'Dismiss' }).click();
    await page.reload();
    await page.getByRole('heading', { name: 'Your workflows' }).waitFor();
    expect(await page.getByText('Gap', { exact: true }).count()).toBe(0);
  });

  it('one with a path to nowhere opens with its problem, which leads to the path; taken out, it can run', async () => {
    const { page } = stage;
    const hand = draughtsman(page);
    const edge = { id: 'e1', from: { step: 'a', port: 'out' }, to: { step: 'b' } };
    await importFile('gap.json', graph({ edges: [edge] }));
    await hand.card('First').waitFor();
    await page.getByRole('button', { name: '1 problem' }).click();
    await page.getByRole('region', { name: 'Problems' }).getByRole('listitem').getByRole('button').click();
    await hand.panel.getByRole('button', { name: /remove|delete/i }).click();
    await page.getByRole('button', { name: 'No problems' }).waitFor();
    expect((await hand.document()).edges).toEqual([]);
  });
});
