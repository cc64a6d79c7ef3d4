// yield in the head of a loop.
const g = (function* () { for (const x of (yield 1)) { yield x } })();
g.next();
g.next([1, 2]);
(function* () { for (let [a = yield 1] of (yield yield 2)); for (var k in (yield 3)); })().next();
