/**
 * The console: everything people see of An Sáng. It knows the hub only by its API; what a user may
 * not do it hides, and the hub refuses.
 */
import { createRoot } from 'react-dom/client'
import '@mantine/core/styles.css'
import '@mantine/notifications/styles.css'
import './app.css'
import { App } from './app.tsx'

const root = document.getElementById('root')
if (root) createRoot(root).render(<App />)
