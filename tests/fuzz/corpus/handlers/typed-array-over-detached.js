// The prototype of new.target detaches the buffer.
for (const C of [Uint8Array, Float64Array, BigInt64Array, DataView]) {
    const ab = new ArrayBuffer(64);
    const n = Object.defineProperty(function () {}.bind(), 'prototype',
        { get() { structuredClone(ab, { transfer: [ab] }); return C.prototype } });
    try {
        const t = Reflect.construct(C, [ab, 8], n);
        t[0] = t[1];
        t.getInt8 && t.getInt8(0);
    } catch (e) {}
}
