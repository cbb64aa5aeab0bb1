import { type QueryKey, useInfiniteQuery } from '@tanstack/react-query'
import { api, type Query } from './client.ts'

type Page<T> = { items: T[]; next: string | null }

/** A list read page by page; `items` are all pages so far. */
export function usePages<T>(
  queryKey: QueryKey,
  path: string,
  options: { query?: Query; limit?: number; enabled?: boolean; refetchMs?: number } = {},
) {
  const { query = {}, limit = 50, enabled = true, refetchMs = 60_000 } = options
  const found = useInfiniteQuery({
    queryKey: [...queryKey, query, limit],
    queryFn: ({ pageParam }) =>
      api.get<Page<T>>(path, { ...query, limit, cursor: pageParam ?? undefined }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next,
    enabled,
    refetchInterval: refetchMs,
    placeholderData: (before) => before,
  })
  return { ...found, data: found.data?.pages.flatMap((page) => page.items) }
}
