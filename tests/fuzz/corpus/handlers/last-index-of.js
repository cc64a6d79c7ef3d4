// An index between -1 and 0.
for (const C of [Uint8Array, Int16Array, Float32Array, Float64Array]) {
    for (const i of [-0.5, -1e-20, -1, -0, 0.5, NaN]) new C([1, 2]).lastIndexOf(0, i);
    for (const n of [1, 2, 3, 8]) new C(n).lastIndexOf(NaN, -0.1);
}
