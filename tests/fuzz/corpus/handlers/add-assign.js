// A conversion replaces the local that += adds to.
function f(a, b) {
    a += { toString() { a = b; return 'x' } };
    return a;
}
for (const v of ['s', 1, 1.5, 2n, null, {}]) {
    try { f('a' + v, v); f(v, 'b'); f('ab'.repeat(9), 1e300) } catch (e) {}
}
(function () {
    let s = 'a';
    const g = () => { s = 4.5; return 'b' };
    s += { valueOf: g };
    s += g();
})();
(function () {
    for (const v of ['s', 1, 1.5, 2n, null, {}]) {
        var l = 'ab'.repeat(9);
        l += { toString() { l = v; return 'x' } };
        l += { valueOf() { l = {}; return 4.5 } };
    }
})();
