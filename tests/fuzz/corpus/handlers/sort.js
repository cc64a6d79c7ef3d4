// A comparator that changes the array.
for (const x of [a => a.length = 0, a => a.push(1), a => a.unshift(2), a => delete a[1],
    a => Object.defineProperty(a, 0, { get() { a.length = 0; return 1 } })]) {
    const a = [3, 1, 2, , 5, 'x', 1.5];
    try { a.sort((p, q) => { x(a); return p < q ? -1 : 1 }) } catch (e) {}
}
const t = new Uint8Array([3, 1, 2]);
t.sort(() => { try { structuredClone(t.buffer, { transfer: [t.buffer] }) } catch (e) {} return 1 });
