/**
 * Which workflows a document refers to, and where they are found: its own `definitions` first, then what the caller
 * knows. Pure; it never judges what is inside the workflows, only that they are there and do not call each other in a
 * circle.
 */
import { documentSchema, type Step, type WorkflowDocument } from './document.ts';

export interface WorkflowRef {
  id: string;
  /** Version that is meant; without it the one that is known when a run starts. */
  digest?: string;
}

/** The longest chain of workflows inside workflows. */
const deepest = 20;

export function refOf({ config }: Pick<Step, 'config'>): WorkflowRef {
  const { id, digest } = (config['ref'] ?? {}) as Partial<WorkflowRef>;
  return { id: String(id), ...(digest === undefined ? {} : { digest }) };
}

export function refsOf(document: WorkflowDocument): { step: string; ref: WorkflowRef }[] {
  return Object.entries(document.steps).flatMap(([step, one]) =>
    one.kind === 'workflow' ? [{ step, ref: refOf(one) }] : [],
  );
}

/** The workflows a document brings along. */
export function definitionsOf(document: WorkflowDocument): WorkflowDocument[] {
  return Object.values(document.definitions ?? {}).flatMap((value) => {
    const parsed = documentSchema.safeParse(value);
    return parsed.success ? [parsed.data] : [];
  });
}

export interface ResolvedChild {
  version: string;
  document: WorkflowDocument;
}

export type Resolved =
  | { ok: true; pins: Record<string, string>; children: ResolvedChild[] }
  | { ok: false; message: string; step: string };

export interface Lookup {
  digest(document: WorkflowDocument): string;
  /** The workflow that is stored under this id now. */
  byId(id: string): Promise<WorkflowDocument | undefined>;
  byVersion(version: string): Promise<WorkflowDocument | undefined>;
}

/** Every workflow below this one, with the version each id without a digest is pinned to. In one run an id is one version. */
export async function resolveChildren(root: WorkflowDocument, lookup: Lookup): Promise<Resolved> {
  const pins: Record<string, string> = {};
  const children = new Map<string, WorkflowDocument>();
  const known: WorkflowDocument[] = [];
  /** From the outermost to the one that is looked at. */
  const names = [root.id];

  async function find({ id, digest }: WorkflowRef): Promise<WorkflowDocument | undefined> {
    const brought = known.find((one) => one.id === id && (digest === undefined || lookup.digest(one) === digest));
    if (brought) return brought;
    if (digest === undefined) return lookup.byId(id);
    const stored = (await lookup.byVersion(digest)) ?? (await lookup.byId(id));
    return stored && lookup.digest(stored) === digest ? stored : undefined;
  }

  async function walk(
    document: WorkflowDocument,
    path: string[],
  ): Promise<{ message: string; step: string } | undefined> {
    known.push(...definitionsOf(document));
    for (const { step, ref } of refsOf(document)) {
      const place = path[0] ?? step;
      if (names.includes(ref.id)) {
        const round = [...names.slice(names.indexOf(ref.id)), ref.id].join(' → ');
        return { step: place, message: `Workflows must not run each other in a circle: ${round}.` };
      }
      if (names.length > deepest)
        return { step: place, message: `Workflows are inside each other more than ${deepest} deep.` };
      const child = await find(ref);
      if (!child) {
        const version = ref.digest === undefined ? '' : ` in the version ${ref.digest.slice(0, 12)}`;
        return { step: place, message: `There is no workflow with the id ${ref.id}${version} here.` };
      }
      const version = lookup.digest(child);
      if (ref.digest === undefined) pins[ref.id] = version;
      if (children.has(version)) continue;
      children.set(version, child);
      names.push(child.id);
      const problem = await walk(child, [place]);
      names.pop();
      if (problem) return problem;
    }
    return undefined;
  }

  const problem = await walk(root, []);
  if (problem) return { ok: false, ...problem };
  return { ok: true, pins, children: [...children].map(([version, document]) => ({ version, document })) };
}
