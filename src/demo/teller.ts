import type { Hub } from '../app.ts'
import { type Clock, minutes, seconds } from '../core/clock.ts'
import { newId } from '../core/ids.ts'
import type { Log } from '../core/log.ts'
import { createLoop, type Loop } from '../core/loop.ts'
import { isBroadDay } from '../plan/sun.ts'
import type { Field } from './field.ts'
import { agentPlans, cabinetPlans } from './province.ts'
import { actorIn, newDevice, type Settled } from './settle-in.ts'
import { type Chapter, chaptersOf, type LightHour, roundS } from './story.ts'
import type { World } from './world.ts'

type Stage = { hub: Hub; world: World; field: Field; settled: Settled; clock: Clock; log: Log }

/** A cabinet for the story and what its lights do now; one that burns is preferred. */
function lightsNow({ world, clock }: Stage, round: number) {
  const turned = cabinetPlans.map((_, at) => cabinetPlans[(at + round * 3) % cabinetPlans.length])
  const plans = turned.filter((plan) => plan !== undefined)
  const burns = (agentId: string) => {
    const { plan, model } = world.cabinet(agentId)
    return plan.circuits.every(({ coil }) => model.coil(coil))
  }
  const cabinet = plans.find((plan) => burns(plan.agentId)) ?? plans[0]
  if (!cabinet) throw new RangeError('there is no cabinet')
  const isDay = isBroadDay(cabinet, clock.now() + minutes(5), minutes(30))
  const hour: LightHour = burns(cabinet.agentId) ? 'burning' : isDay ? 'broad-day' : 'between'
  return { cabinet, hour }
}

/** A command as the hub sends it: asks the agent to look at everything of its recorder again. */
async function lookAgain({ hub, clock }: Stage, agentId: string): Promise<void> {
  await hub.inside.broker.send(agentId, 'command', {
    id: newId(clock.now()),
    expiresAt: new Date(clock.now() + minutes(1)).toISOString(),
    name: 'relearn',
    args: { unit: 'nvr1' },
  })
}

async function fitNew({ hub, settled, clock }: Stage, agentId: string): Promise<void> {
  const bound = hub.inside.bindings.resolve(agentId, 'nvr1', '', clock.now())
  if (!bound) return
  const device = newDevice('Đầu ghi với ổ ST4000VX016 mới', newId(clock.now()), settled.contractId)
  const admin = actorIn(settled.actors, 'admin')
  await hub.inside.register.fitEquipment(admin, bound.assetId, { device, at: undefined })
}

async function carryOut(stage: Stage, chapter: Chapter): Promise<void> {
  const { trouble } = chapter
  if (chapter.do === 'begin') stage.world.begin(trouble)
  else stage.world.end(trouble)
  await stage.field.sync()
  if (trouble.kind !== 'disk') return
  if (chapter.do === 'end') await fitNew(stage, trouble.agentId)
  if (chapter.lookAgain) await lookAgain(stage, trouble.agentId)
}

/** Tells the story round after round until it is stopped; each chapter is announced when it begins. */
export function startTeller(stage: Stage, tell: (chapter: Chapter) => void): Loop {
  const { clock, log, world } = stage
  let round = -1
  let roundAt = clock.monotonic() - seconds(roundS)
  let left: Chapter[] = []

  const openRound = () => {
    round += 1
    roundAt = clock.monotonic()
    left = chaptersOf(round, { plans: agentPlans, ...lightsNow(stage, round) })
  }
  return createLoop({
    name: 'story',
    clock,
    log,
    idleMs: seconds(1),
    turn: async (signal) => {
      world.age()
      const passed = (clock.monotonic() - roundAt) / 1000
      if (left.length === 0 && passed >= roundS) openRound()
      const [next] = left
      if (!next || signal.aborted || clock.monotonic() - roundAt < seconds(next.afterS))
        return false
      left = left.slice(1)
      tell(next)
      await carryOut(stage, next)
      return true
    },
  })
}
