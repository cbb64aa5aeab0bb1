type Node = { id: string; name: string; parentId: string | null }

const collator = new Intl.Collator('vi', { numeric: true })

/** Areas as a list in the order of the tree, names by Vietnamese sorting. Pure. */
export function inTreeOrder<T extends Node>(areas: readonly T[]): { area: T; depth: number }[] {
  const known = new Set(areas.map((area) => area.id))
  const below = Map.groupBy(areas, (area) =>
    area.parentId !== null && known.has(area.parentId) ? area.parentId : '',
  )
  const out: { area: T; depth: number }[] = []
  const walk = (parentId: string, depth: number) => {
    const children = below.get(parentId) ?? []
    for (const area of [...children].sort((a, b) => collator.compare(a.name, b.name))) {
      out.push({ area, depth })
      walk(area.id, depth + 1)
    }
  }
  walk('', 0)
  return out
}

/** From the top of what is visible down to this area. */
export function pathTo<T extends Node>(areas: readonly T[], id: string): T[] {
  const byId = new Map(areas.map((area) => [area.id, area]))
  const path: T[] = []
  let here = byId.get(id)
  while (here && path.length < areas.length) {
    path.unshift(here)
    here = here.parentId === null ? undefined : byId.get(here.parentId)
  }
  return path
}
