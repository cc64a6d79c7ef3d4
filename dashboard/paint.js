// Colours for JavaScript: comments, strings, words, numbers. It reads tokens,
// not the language, so a regular expression with quotes in it misleads it until
// the end of the line, which is all the harm it does.

const TOKENS = new RegExp([
  /(?<comment>\/\/.*|\/\*[^]*?(?:\*\/|$))/,
  /(?<string>'(?:\\.|[^'\\\n])*'?|"(?:\\.|[^"\\\n])*"?|\x60(?:\\[^]|[^\x60\\])*\x60?)/,
  /\b(?<word>async|await|break|case|catch|class|const|continue|default|delete|do|else|export|extends|finally|for|from|function|if|import|in|instanceof|let|new|of|return|static|super|switch|this|throw|try|typeof|var|void|while|yield|true|false|null|undefined)\b/,
  /\b(?<number>\d[\w.]*)/,
].map((part) => part.source).join('|'), 'g')

// Beyond this many characters a text stays plain, to keep typing quick.
const LONGEST = 60000

export function paint(node, text) {
  const parts = []
  let end = 0
  for (const match of text.length > LONGEST ? [] : text.matchAll(TOKENS)) {
    const kind = Object.keys(match.groups).find((name) => match.groups[name] !== undefined)
    const span = document.createElement('span')
    span.className = kind
    span.textContent = match[0]
    parts.push(text.slice(end, match.index), span)
    end = match.index + match[0].length
  }
  // The last line needs something on it to have a height.
  node.replaceChildren(...parts, text.slice(end) + '\n')
}
