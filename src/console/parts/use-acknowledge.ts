import { api } from '../api/client.ts'
import { keys } from '../api/keys.ts'
import { useSpeech } from '../words/language.tsx'
import { useAct } from './act.ts'

/** Takes an alert on in the user's name, with a few words if there are any. */
export function useAcknowledge() {
  const { words } = useSpeech()
  return useAct<{ id: string; note?: string }>({
    run: ({ id, note }) =>
      api.post(`/api/v1/alerts/${encodeURIComponent(id)}/acknowledge`, note ? { note } : {}),
    done: words.alerts.acknowledgedToast,
    old: [keys.alerts, keys.devices, keys.sla],
  })
}
