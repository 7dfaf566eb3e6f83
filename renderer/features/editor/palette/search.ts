/** Finding a step kind by what people call it, and the groups of the palette. Pure. */
import type { StepManifest } from '../../../../shared/steps/manifest.ts';

export const groupOrder: readonly StepManifest['group'][] = ['ai', 'systems', 'data', 'flow', 'people'];

export const groupTitles: Record<StepManifest['group'], string> = {
  ai: 'AI',
  systems: 'Systems',
  data: 'Data',
  flow: 'Flow',
  people: 'People',
};

/** 0 is best; `undefined` does not match. */
function rank(manifest: StepManifest, query: string): number | undefined {
  const title = manifest.title.toLowerCase();
  if (title.startsWith(query)) return 0;
  if (title.split(/\s+/).some((word) => word.startsWith(query))) return 1;
  if (manifest.kind.startsWith(query)) return 2;
  const everything = `${title} ${manifest.kind} ${manifest.summary} ${groupTitles[manifest.group]}`.toLowerCase();
  return query.split(/\s+/).every((word) => everything.includes(word)) ? 3 : undefined;
}

export function searchKinds(manifests: readonly StepManifest[], text: string): StepManifest[] {
  const query = text.trim().toLowerCase();
  const inOrder = [...manifests].sort((one, other) => groupOrder.indexOf(one.group) - groupOrder.indexOf(other.group));
  if (query === '') return inOrder;
  return inOrder
    .flatMap((manifest) => {
      const found = rank(manifest, query);
      return found === undefined ? [] : [{ manifest, rank: found }];
    })
    .sort((one, other) => one.rank - other.rank)
    .map((hit) => hit.manifest);
}

export function groupKinds(manifests: readonly StepManifest[]): { title: string; kinds: StepManifest[] }[] {
  return groupOrder
    .map((group) => ({ title: groupTitles[group], kinds: manifests.filter((manifest) => manifest.group === group) }))
    .filter((group) => group.kinds.length > 0);
}
