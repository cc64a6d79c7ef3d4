// Elements, dialogs and announcements. Nothing here or elsewhere makes elements
// from markup: what comes from the device is only ever put as text.

function setAttributes(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) {
      continue
    }
    if (typeof value === 'function') {
      node.addEventListener(name, value)
    } else {
      node.setAttribute(name, value === true ? '' : value)
    }
  }
}

function wanted(child) {
  return child !== undefined && child !== null && child !== false
}

// el('p', { class: 'x', click: f }, 'text', node): functions are listeners.
export function el(tag, attributes, ...children) {
  const node = document.createElement(tag)
  setAttributes(node, attributes || {})
  node.append(...children.flat(Infinity).filter(wanted))
  return node
}

export function svg(tag, attributes) {
  const node = document.createElementNS('http://www.w3.org/2000/svg', tag)
  setAttributes(node, attributes)
  return node
}

export function button(label, click, attributes) {
  return el('button', { type: 'button', click, ...attributes }, label)
}

let fields = 0

// A label with its control and, where there is one, a hint below.
export function field(label, control, hint) {
  fields += 1
  control.id = 'field' + fields
  const parts = [el('label', { for: control.id }, label), control]
  if (hint) {
    const id = control.id + 'hint'
    const others = control.getAttribute('aria-describedby')
    control.setAttribute('aria-describedby', others ? others + ' ' + id : id)
    parts.push(el('p', { class: 'hint', id }, hint))
  }
  return el('div', { class: 'field' }, parts)
}

export function select(options, value, attributes) {
  const node = el('select', attributes)
  for (const option of options) {
    const [key, text] = Array.isArray(option) ? option : [option, option]
    node.append(el('option', { value: key }, text))
  }
  node.value = value
  return node
}

// Only when it differs, so that nothing is announced or selected away for naught.
export function setText(node, text) {
  if (node.textContent !== text) {
    node.textContent = text
  }
}

let silence = 0

// Says something once, to be seen and to be heard.
export function announce(text) {
  const node = document.getElementById('said')
  clearTimeout(silence)
  node.textContent = text
  silence = setTimeout(() => {
    node.textContent = ''
  }, 6000)
}

function openDialog(title, content, actions, done) {
  const heading = el('h2', { id: 'dialog-title' }, title)
  const dialog = el('dialog', { 'aria-labelledby': 'dialog-title' }, heading, content)
  dialog.append(el('div', { class: 'row end' }, actions(dialog)))
  dialog.addEventListener('close', () => {
    dialog.remove()
    done(dialog.returnValue)
  })
  document.body.append(dialog)
  dialog.showModal()
  return dialog
}

// Resolves to whether it was confirmed. Escape and Cancel are a no.
export function confirmDialog(title, text, action, kind) {
  return new Promise((resolve) => {
    const actions = (dialog) => [
      button('Cancel', () => dialog.close('')),
      button(action, () => dialog.close('yes'), { class: kind || 'primary' }),
    ]
    openDialog(title, el('p', {}, text), actions, (value) => resolve(value === 'yes'))
  })
}

// Resolves to a text that `check` has nothing against (it returns what is
// wrong, or ''), or to null.
export function promptDialog(title, label, value, check) {
  return new Promise((resolve) => {
    const input = el('input', { type: 'text', autocomplete: 'off', spellcheck: 'false' })
    const wrong = el('p', { class: 'error', role: 'alert' })
    input.value = value
    const actions = (dialog) => {
      const accept = () => {
        wrong.textContent = check(input.value)
        if (wrong.textContent === '') {
          dialog.close('yes')
        }
      }
      input.addEventListener('keydown', (event) => {
        if (event.key === 'Enter') {
          event.preventDefault()
          accept()
        }
      })
      return [
        button('Cancel', () => dialog.close('')),
        button('OK', accept, { class: 'primary' }),
      ]
    }
    const content = el('div', {}, field(label, input), wrong)
    openDialog(title, content, actions, (answer) => {
      resolve(answer === 'yes' ? input.value : null)
    })
    input.select()
  })
}
