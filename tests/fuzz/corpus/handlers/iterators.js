// Iterators whose end is not what it should be.
const it = (next, ret) => ({ [Symbol.iterator]: () => ({ next, return: ret }) });
for (const v of [undefined, 1, null, {}, { done: 0, get value() { throw 1 } }]) {
    for (const f of [i => { const [a] = i }, i => [...i], i => new Map(i), i => { for (const x of i) break }]) {
        let n = 0;
        try { f(it(() => n++ > 5 ? { done: 1 } : v ?? { value: [1, n] }, () => v)) } catch (e) {}
    }
}
const m = new Map([[1, 1], [2, 2]]);
for (const [k] of m) { m.delete(k); if (m.size < 3 && k < 20) m.set(k + 2, 1) }
const i = m.entries();
m.clear();
i.next();
