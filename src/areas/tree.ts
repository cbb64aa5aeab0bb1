/** One area as it stands at some moment. */
export type AreaNode = { id: string; parentId: string | null }

export type Closure = { ancestorId: string; areaId: string; depth: number }

/** All (ancestor, area) pairs with their distance, each area with itself at 0. Pure. */
export function closureOf(nodes: readonly AreaNode[]): Closure[] {
  const parents = new Map(nodes.map((node) => [node.id, node.parentId]))
  return nodes.flatMap((node) => {
    const pairs: Closure[] = []
    let at: string | null | undefined = node.id
    for (let depth = 0; at && depth <= parents.size; depth += 1) {
      pairs.push({ ancestorId: at, areaId: node.id, depth })
      at = parents.get(at)
    }
    return pairs
  })
}

/** Would giving `areaId` the parent `parentId` put an area inside itself? */
export function makesCycle(
  nodes: readonly AreaNode[],
  areaId: string,
  parentId: string | null,
): boolean {
  const parents = new Map(nodes.map((node) => [node.id, node.parentId]))
  let at: string | null | undefined = parentId
  for (let steps = 0; at && steps <= parents.size; steps += 1) {
    if (at === areaId) return true
    at = parents.get(at)
  }
  return false
}
