import { useSpeech } from '../words/language.tsx'
import { type Night, noonOf, piecesOf } from './night.ts'

const dayMs = 86_400_000
const width = 960
/** Hours after noon that get a mark; every sixth a long one. */
const marks = [0, 3, 6, 9, 12, 15, 18, 21, 24] as const

/** One night from noon to noon: when it is lit and how bright; sunset and sunrise as lines. */
export function NightBar({ night }: { night: Night }) {
  const { words } = useSpeech()
  const noon = noonOf(night.date)
  const x = (at: number) => ((at - noon) / dayMs) * width
  return (
    <svg
      className="night-bar"
      viewBox={`0 0 ${width} 44`}
      preserveAspectRatio="none"
      aria-hidden="true"
      style={{ height: 44 }}
    >
      <title>{words.lighting.barLabel}</title>
      <rect x={0} y={0} width={width} height={26} fill="#343a40" rx={3} />
      {piecesOf(night).map((piece) => (
        <rect
          key={piece.from}
          x={x(piece.from)}
          y={26 - 26 * (0.25 + (0.75 * piece.level) / 100)}
          width={Math.max(2, x(piece.to) - x(piece.from))}
          height={26 * (0.25 + (0.75 * piece.level) / 100)}
          fill="#ffd43b"
        />
      ))}
      {[night.sunset, night.sunrise].map((sun) =>
        sun === null ? null : (
          <line
            key={sun}
            x1={x(Date.parse(sun))}
            x2={x(Date.parse(sun))}
            y1={0}
            y2={26}
            stroke="#ff8787"
            strokeWidth={2}
            strokeDasharray="4 3"
            vectorEffect="non-scaling-stroke"
          />
        ),
      )}
      {marks.map((mark) => (
        <line
          key={mark}
          x1={(mark / 24) * width}
          x2={(mark / 24) * width}
          y1={26}
          y2={mark % 6 === 0 ? 34 : 30}
          stroke="#868e96"
          vectorEffect="non-scaling-stroke"
        />
      ))}
    </svg>
  )
}

/** The hours below the bars, in a row of their own so that letters are not stretched. */
export function NightHours() {
  return (
    <div aria-hidden style={{ display: 'flex', justifyContent: 'space-between' }}>
      {[0, 6, 12, 18, 24].map((mark) => (
        <small key={mark} className="dim">
          {String((mark + 12) % 24).padStart(2, '0')}:00
        </small>
      ))}
    </div>
  )
}
