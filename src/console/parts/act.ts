import { type QueryKey, useMutation, useQueryClient } from '@tanstack/react-query'
import { useTell } from '../api/tell.tsx'

/** A deed at the hub: says that it is done, or why not, and reads again what it changed. */
export function useAct<T>(options: {
  run: (input: T) => Promise<unknown>
  done?: string
  old: readonly QueryKey[]
}) {
  const client = useQueryClient()
  const tell = useTell()
  return useMutation({
    mutationFn: options.run,
    onSuccess: async () => {
      if (options.done !== undefined) tell.done(options.done)
      await Promise.all(options.old.map((queryKey) => client.invalidateQueries({ queryKey })))
    },
    onError: tell.refused,
  })
}
