import { type CSSVariablesResolver, createTheme } from '@mantine/core'

const fonts =
  "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'Liberation Sans', 'DejaVu Sans', sans-serif"

/** Roomy enough for a thumb; capitals would pile Vietnamese marks onto each other. */
export const theme = createTheme({
  primaryColor: 'teal',
  primaryShade: { light: 9, dark: 6 },
  autoContrast: true,
  defaultRadius: 'md',
  fontFamily: fonts,
  headings: { fontFamily: fonts, fontWeight: '650' },
  fontSizes: { xs: '0.8125rem', sm: '0.9rem' },
  components: {
    Badge: { defaultProps: { tt: 'none', radius: 'sm', size: 'lg', fw: 600 } },
    Tooltip: {
      defaultProps: { events: { hover: true, focus: true, touch: true }, multiline: true },
    },
    Card: { defaultProps: { withBorder: true, padding: 'md' } },
    Modal: { defaultProps: { centered: true } },
    Select: { defaultProps: { checkIconPosition: 'right', allowDeselect: false } },
  },
})

/** Mantine's greys are too pale for sunlight and for tired eyes: 4.5 to 1 at least. */
export const darkerGreys: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-dimmed': '#555b63',
    '--mantine-color-placeholder': '#6b7280',
  },
  dark: {},
})
