// The value of with() when its index is out of range.
for (const C of [Uint8Array, Float64Array]) {
    try { new C(2).with(5, { toString: () => 'x' + C.name }) } catch (e) {}
    const t = new C(2);
    try { t.with(0, { valueOf() { structuredClone(t.buffer, { transfer: [t.buffer] }); return 'y' + C.name } }) } catch (e) {}
}
