// The source and the settings of a function: open, change, deploy.

import { callJson, functionPath } from './api.js'
import { announce, button, confirmDialog, el, field, promptDialog, select, setText } from './dom.js'
import { checkFileName, checkName, packageOf, draftOf, newDraft } from './draft.js'
import { Editor } from './editor.js'
import { exactSize, exactTime } from './format.js'
import { find, refreshFunctions } from './state.js'

const DEPLOY_TIMEOUT = 90
const HINT = 'editor-hint'
const WRONG = 'deploy-error'

// Changes outlive a look at another function: { draft, clean, version, file }.
const drafts = new Map()

function isEdited(entry) {
  return JSON.stringify(entry.draft) !== entry.clean
}

function newEntry(draft, version) {
  return { draft, version, file: draft.main, clean: JSON.stringify(draft) }
}

window.addEventListener('beforeunload', (event) => {
  if ([...drafts.values()].some(isEdited)) {
    event.preventDefault()
  }
})

export function forgetDraft(name) {
  drafts.delete(name)
}

export class CodeView {
  // `name`: '' for a new function, which is asked for its name. `deployed(name)`
  // is called after each deploy.
  constructor(name, deployed) {
    this.name = name
    this.deployed = deployed
    this.editor = new Editor({
      change: () => this.typed(), save: () => this.deploy(), describedBy: HINT + ' ' + WRONG,
    })
    this.files = el('div', { class: 'files', role: 'group', 'aria-label': 'Files' })
    this.edited = el('span', { class: 'dim' })
    this.notice = el('p', { class: 'notice', hidden: true })
    this.wrong = el('div', { class: 'error', id: WRONG, role: 'alert' })
    this.nameInput = el('input', { type: 'text', maxlength: '32', autocomplete: 'off', spellcheck: 'false', autocapitalize: 'off' })
    this.go = button('Deploy', () => this.deploy(), { class: 'primary' })
    this.discard = button('Discard changes', () => this.reload(), { hidden: true })
    this.build()
  }

  build() {
    const hint = el('p', { class: 'hint', id: HINT },
      'Tab indents while you type; Escape, then Tab, leaves the editor. Ctrl+S deploys.')
    this.content = el('div', {}, this.files, this.editor.node, hint, this.buildSettings(),
      this.notice, this.wrong, el('div', { class: 'row' }, this.go, this.discard))
    this.content.hidden = true
    this.message = el('p', { class: 'dim' }, 'loading …')
    this.node = el('section', { class: 'code', id: 'code', 'aria-labelledby': 'code-title' },
      el('div', { class: 'head' }, el('h2', { id: 'code-title', tabindex: '-1' }, 'Code'), this.edited),
      !this.name && field('Name', this.nameInput, 'a-z, 0-9 and “-”; its requests come to /NAME unless it has routes.'),
      this.message, this.content)
  }

  buildSettings() {
    const input = (key, node) => {
      node.addEventListener('input', () => {
        this.entry.draft[key] = node.value
        this.update()
      })
      return node
    }
    const area = (key, rows) => input(key, el('textarea', { rows, spellcheck: 'false', autocapitalize: 'off' }))
    const text = (key) => input(key, el('input', { type: 'text', autocomplete: 'off', spellcheck: 'false' }))
    const payloads = [['', 'default'], ['isere', 'isere'], ['1.0', '1.0'], ['2.0', '2.0']]
    this.inputs = {
      routes: area('routes', '3'), env: area('env', '3'), memory: text('memory'), timeout: text('timeout'),
      payload: input('payload', select(payloads, '')),
    }
    const { routes, env, memory, timeout, payload } = this.inputs
    this.settings = el('details', { class: 'settings' },
      el('summary', {}, 'Routes, environment and limits'),
      el('div', { class: 'columns' },
        field('Routes', routes, 'One per line: GET /pets/{id}, ANY /files/{path+}.'),
        field('Environment', env, 'One per line: NAME=value.')),
      el('div', { class: 'columns three' }, field('Memory', memory), field('Timeout', timeout), field('Payload', payload)))
    return this.settings
  }

  // Gets what is deployed, unless there are changes from before.
  async load() {
    let entry = drafts.get(this.name)
    if (!entry || (!isEdited(entry) && this.name)) {
      try {
        entry = await this.fetchEntry()
      } catch (error) {
        this.message.className = 'error'
        this.message.textContent = 'The files can’t be loaded: ' + error.message
        return
      }
    }
    this.show(entry)
  }

  async fetchEntry() {
    if (!this.name) {
      return newEntry(newDraft(), 0)
    }
    // The version first: a deploy in between is then noticed, not hidden.
    const { version } = await callJson('GET', functionPath(this.name))
    const deployed = await callJson('GET', functionPath(this.name, 'files'))
    return newEntry(draftOf(deployed), version)
  }

  show(entry) {
    this.entry = entry
    drafts.set(this.name, entry)
    this.message.hidden = true
    this.content.hidden = false
    for (const [key, input] of Object.entries(this.inputs)) {
      input.value = entry.draft[key]
    }
    this.wrong.replaceChildren()
    this.openFile(entry.file)
    this.update()
  }

  async reload() {
    drafts.delete(this.name)
    const { file } = this.entry
    await this.load()
    if (this.entry.draft.files[file] !== undefined) {
      this.openFile(file)
    }
    announce('The deployed version is loaded.')
    this.editor.area.focus()
  }

  openFile(name) {
    this.entry.file = name
    this.editor.open('Source of ' + name, this.entry.draft.files[name])
    this.showFiles()
  }

  showFiles() {
    const { draft, file } = this.entry
    const names = Object.keys(draft.files).sort()
    const one = (name) => button([name, name === draft.main && el('small', {}, ' main')],
      () => { this.openFile(name); this.editor.area.focus() },
      { 'aria-pressed': String(name === file) })
    this.files.replaceChildren(...names.map(one), el('span', { class: 'space' }),
      button('Add file', () => this.addFile(), { class: 'quiet' }),
      ...(names.length > 1 && file !== draft.main
        ? [button('Make it main', () => this.makeMain(), { class: 'quiet' }),
          button('Remove file', () => this.removeFile(), { class: 'quiet' })]
        : []))
  }

  async addFile() {
    const { files } = this.entry.draft
    const check = (name) => checkFileName(name) || (Object.hasOwn(files, name) ? 'A file of that name exists already.' : '')
    const name = await promptDialog('Add a file', 'Name, such as lib/text.js', '', check)
    if (name !== null) {
      files[name] = ''
      this.openFile(name)
      this.update()
      this.editor.area.focus()
    }
  }

  makeMain() {
    this.entry.draft.main = this.entry.file
    this.showFiles()
    this.update()
    this.editor.area.focus()
  }

  async removeFile() {
    const { draft, file } = this.entry
    if (await confirmDialog('Remove ' + file + '?', 'The next deploy removes it from the function.', 'Remove', 'danger')) {
      delete draft.files[file]
      this.openFile(draft.main)
      this.update()
      this.editor.area.focus()
    }
  }

  typed() {
    const { draft, file } = this.entry
    draft.files[file] = this.editor.value
    this.update()
  }

  // What depends on the draft, and on what the server says of the function.
  update() {
    const { entry, name } = this
    if (!entry) {
      return
    }
    const info = find(name)
    const edited = isEdited(entry)
    setText(this.edited, edited ? 'edited' : '')
    this.discard.hidden = !edited || !name
    this.updateNotice(info, edited)
    if (info) {
      this.inputs.memory.placeholder = exactSize(info.memory)
      this.inputs.timeout.placeholder = exactTime(info.timeout)
      this.inputs.routes.placeholder = info.routes.join('\n')
    } else {
      this.inputs.memory.placeholder = '16M'
      this.inputs.timeout.placeholder = '3s'
    }
  }

  isBehind(info) {
    return info !== undefined && info.version !== this.entry.version
  }

  updateNotice(info, edited) {
    const behind = this.isBehind(info) && !this.busy
    if (behind && !edited && !this.loading) {
      this.loading = true
      this.load().finally(() => { this.loading = false })
    }
    this.notice.hidden = !(behind && edited)
    if (behind) {
      setText(this.notice, 'Version ' + info.version + ' is live now; this is version ' + this.entry.version + ' with changes.')
    }
  }

  fail(error) {
    const { file, line, column, stack } = error.details || {}
    const known = line > 0 && this.entry.draft.files[file] !== undefined
    const place = [file, line && 'line ' + line, column && 'column ' + column].filter(Boolean).join(', ')
    const jump = () => {
      if (this.entry.file !== file) {
        this.openFile(file)
      }
      this.editor.mark(line)
      this.editor.go(line, column)
    }
    this.wrong.replaceChildren(...[
      el('b', {}, 'Not deployed: '), error.message,
      place && el('div', {}, known ? button(place, jump, { class: 'place' }) : place),
      stack && el('pre', {}, String(stack)),
    ].filter(Boolean))
    if (known) {
      jump()
    }
  }

  // The name it goes to, or null when there is something against it.
  async target() {
    const name = this.name || this.nameInput.value.trim()
    const wrong = checkName(name) || (!this.name && find(name) ? 'A function of that name exists already.' : '')
    if (wrong) {
      this.fail(new Error(wrong))
      this.nameInput.focus()
      return null
    }
    const info = find(name)
    if (this.isBehind(info)) {
      const text = 'These changes were made to version ' + this.entry.version + ', but version ' + info.version + ' is live. It would be replaced.'
      return (await confirmDialog('Deploy over version ' + info.version + '?', text, 'Deploy')) ? name : null
    }
    return name
  }

  async deploy() {
    if (this.busy || !this.entry) {
      return
    }
    announce('')
    this.wrong.replaceChildren()
    const name = await this.target()
    if (name === null) {
      return
    }
    const sent = JSON.stringify(this.entry.draft)
    this.busy = true
    this.go.setAttribute('aria-disabled', 'true')
    this.go.textContent = 'Deploying …'
    try {
      const options = { body: JSON.stringify(packageOf(this.entry.draft)), type: 'application/json', timeout: DEPLOY_TIMEOUT }
      const answer = await callJson('PUT', functionPath(name), options)
      Object.assign(this.entry, { clean: sent, version: answer.version })
      announce('Version ' + answer.version + ' of ' + name + ' is live.')
      await refreshFunctions().catch(() => {})
      this.busy = false
      this.deployed(name)
    } catch (error) {
      this.fail(error)
    }
    this.busy = false
    this.go.removeAttribute('aria-disabled')
    this.go.textContent = 'Deploy'
    this.update()
  }
}
