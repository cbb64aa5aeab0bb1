import { useSearchParams } from 'react-router'

/** Filters that live in the address: a list can be sent to a colleague and survives signing in. */
export function useUrlFilters<Name extends string>(names: readonly Name[]) {
  const [params, setParams] = useSearchParams()
  const filters = Object.fromEntries(
    names.map((name) => [name, params.get(name) ?? undefined]),
  ) as Record<Name, string | undefined>
  const set = (changes: Partial<Record<Name, string | null>>) =>
    setParams(
      (before) => {
        const next = new URLSearchParams(before)
        for (const [name, value] of Object.entries(changes)) {
          if (value === null || value === '' || value === undefined) next.delete(name)
          else next.set(name, String(value))
        }
        return next
      },
      { replace: true },
    )
  const clear = () => setParams({}, { replace: true })
  return { filters, set, clear, some: names.some((name) => filters[name] !== undefined) }
}
