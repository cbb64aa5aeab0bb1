import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from 'react'
import { createFormat, type Format } from '../format.ts'
import { en } from './en.ts'
import { vi, type Words } from './vi.ts'

export type Language = 'vi' | 'en'

const tables: Record<Language, Words> = { vi, en }
const storageKey = 'ansang.language'

type Speech = {
  language: Language
  words: Words
  format: Format
  /** Remembers the choice in this browser. */
  choose: (language: Language) => void
  /** What the account prefers; a choice made in this browser wins. */
  suggest: (language: Language) => void
}

const SpeechContext = createContext<Speech | undefined>(undefined)

function storedChoice(): Language | undefined {
  try {
    const stored = localStorage.getItem(storageKey)
    return stored === 'vi' || stored === 'en' ? stored : undefined
  } catch {
    // Private windows may refuse storage; the page then starts in Vietnamese.
    return undefined
  }
}

function remember(language: Language): void {
  try {
    localStorage.setItem(storageKey, language)
  } catch {
    // Not remembered; nothing else is lost.
  }
}

export function SpeechProvider({ children }: { children: ReactNode }) {
  const [language, setLanguage] = useState<Language>(() => storedChoice() ?? 'vi')
  useEffect(() => {
    document.documentElement.lang = language
  }, [language])
  const speech = useMemo<Speech>(() => {
    const words = tables[language]
    return {
      language,
      words,
      format: createFormat(language, words),
      choose: (next) => {
        remember(next)
        setLanguage(next)
      },
      suggest: (next) => {
        if (storedChoice() === undefined) setLanguage(next)
      },
    }
  }, [language])
  return <SpeechContext value={speech}>{children}</SpeechContext>
}

/** Words and formats of the language chosen. */
export function useSpeech(): Speech {
  const speech = useContext(SpeechContext)
  if (!speech) throw new Error('SpeechProvider is missing')
  return speech
}
