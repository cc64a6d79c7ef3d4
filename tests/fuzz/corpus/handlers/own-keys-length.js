// More keys than a 32-bit size has room for.
for (const length of [0x20000001, 0x40000001, 2 ** 32 - 1, 2 ** 53 - 1, -1, NaN]) {
    const p = new Proxy({}, { ownKeys: () => ({ length }) });
    for (const f of [Object.keys, Reflect.ownKeys, Object.entries, q => ({ ...q })]) {
        try { f(p) } catch (e) {}
    }
}
