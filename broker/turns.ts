/** Runs tasks of one key strictly after each other; tasks of different keys do not wait. */
export function createTurns(): (key: string, task: () => Promise<void>) => Promise<void> {
  const last = new Map<string, Promise<void>>()
  return (key, task) => {
    const turn = (last.get(key) ?? Promise.resolve()).then(task, task)
    last.set(key, turn)
    const forget = () => {
      if (last.get(key) === turn) last.delete(key)
    }
    turn.then(forget, forget)
    return turn
  }
}
