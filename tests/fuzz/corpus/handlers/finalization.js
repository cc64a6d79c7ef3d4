// Weak things that die while others look.
const w = new WeakMap(), s = new WeakSet();
const r = new FinalizationRegistry(v => { w.set(k, v); r.register({}, 1) });
const k = {};
for (let i = 0; i < 20; i++) {
    const c = { i };
    c.c = c;
    c.r = new WeakRef(c);
    w.set(c, [c, r]);
    s.add(c);
    r.register(c, i, c);
    r.register(c, { i }, k);
    if (i % 3 == 0) r.unregister(c);
}
r.unregister(k);
(function () { const a = {}, q = new FinalizationRegistry(() => {}); q.register(a, a.x, a); a.q = q })();
[1, 2, 3].map(x => [{ x }]);
