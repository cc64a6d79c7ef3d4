// Digits of numbers with the top bit of a limb set.
for (const e of [31n, 32n, 63n, 64n, 95n, 127n, 128n, 191n, 255n, 256n]) {
    for (const r of [2, 3, 8, 10, 16, 32, 36]) {
        for (const d of [-1n, 0n, 1n]) {
            (2n ** e + d).toString(r);
            (-(2n ** e) + d).toString(r);
        }
    }
}
(10n ** 400n).toString();
