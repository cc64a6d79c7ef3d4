// Dark or light: as the system has it, or as chosen here.

import { setText } from './dom.js'

const KEY = 'isere.theme'
const NEXT = { auto: 'light', light: 'dark', dark: 'auto' }

function apply(button, theme) {
  if (theme === 'auto') {
    delete document.documentElement.dataset.theme
  } else {
    document.documentElement.dataset.theme = theme
  }
  setText(button, '◐ ' + theme)
  button.setAttribute('aria-label', 'Theme: ' + theme)
}

export function themeButton(button) {
  const stored = localStorage.getItem(KEY)
  let theme = NEXT[stored] ? stored : 'auto'
  apply(button, theme)
  button.addEventListener('click', () => {
    theme = NEXT[theme]
    localStorage.setItem(KEY, theme)
    apply(button, theme)
  })
}
