// A thenable that goes into the generator again.
async function* y() { try { yield 1; await 2 } finally { yield 3 } }
let a = y();
a.next();
a.return({ then(r) { a.next(); a.return(1); r(2) } });
a.return({ get then() { a.return(2); a.throw(1); return r => r(3) } });
Object.defineProperty(Object.prototype, 'then',
    { get() { a.return(1).catch(() => {}) }, configurable: true });
a = y();
a.next();
a.return({});
a.next();
