// Figures as people read them.

export function rate(value) {
  if (value === null || value === undefined) {
    return '–'
  }
  return (value >= 100 ? Math.round(value) : Number(value.toFixed(1))).toLocaleString('en') + '/s'
}

export function seconds(value) {
  if (value === null || value === undefined) {
    return '–'
  }
  const ms = value * 1000
  if (ms >= 1000) {
    return Number(value.toFixed(2)) + ' s'
  }
  return ms < 1 ? Math.round(ms * 1000) + ' µs' : Number(ms.toPrecision(3)) + ' ms'
}

export function size(bytes) {
  if (bytes === null || bytes === undefined) {
    return '–'
  }
  const units = ['bytes', 'KB', 'MB', 'GB']
  let unit = 0
  let value = bytes
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit += 1
  }
  return Number(value.toPrecision(3)) + ' ' + units[unit]
}

// As the settings take it: the largest unit that gives a whole number.
export function exactSize(bytes) {
  const units = [[1 << 30, 'G'], [1 << 20, 'M'], [1 << 10, 'K']]
  const unit = units.find(([factor]) => bytes >= factor && bytes % factor === 0)
  return unit ? bytes / unit[0] + unit[1] : String(bytes)
}

export function exactTime(ms) {
  return ms >= 1000 && ms % 1000 === 0 ? ms / 1000 + 's' : ms + 'ms'
}

export function uptime(value) {
  const days = Math.floor(value / 86400)
  const hours = Math.floor((value % 86400) / 3600)
  const minutes = Math.floor((value % 3600) / 60)
  if (days > 0) {
    return days + ' d ' + hours + ' h'
  }
  return hours > 0 ? hours + ' h ' + minutes + ' min' : minutes + ' min ' + Math.floor(value % 60) + ' s'
}

export function plural(count, word) {
  return count.toLocaleString('en') + ' ' + word + (count === 1 ? '' : 's')
}
