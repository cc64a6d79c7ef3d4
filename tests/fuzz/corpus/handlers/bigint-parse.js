// Counts of digits.
for (const n of [1, 8, 16, 17, 19, 20, 64, 1000, 5000]) {
    BigInt('9'.repeat(n));
    for (const p of ['0x', '0b', '0o']) BigInt(p + '1'.repeat(n));
}
try { BigInt('9'.repeat(2 ** 20)) } catch (e) {}
