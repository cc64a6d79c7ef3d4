export const label = 'written on the host'

export class Counter {
  #sum = 0

  add(value) {
    this.#sum += value
  }

  get total() {
    return this.#sum
  }
}
